import type { IssuedKey } from './accounts.js'
import { openAccounts } from './accounts-file.js'
import { coverageTable } from './coverage-table.js'
import type { TelephonyServer } from './server.js'
import type { Shared } from './telephony.js'

/**
 * Runs it as a program, with its accounts in a SQLite file and its ledger beside it. `PORT`: 3000 by default, 0 for any free one. `HOST`: 127.0.0.1 by default, because keys travel in clear
 * over plain HTTP (clause 4(b)). Prints where it listens and, since they are made anew at each start, the keys of the demo accounts;
 * then how each clause of the Terms is met.
 */
export async function run(buildServer: (shared: Shared) => TelephonyServer): Promise<void> {
  const accounts = await openAccounts()
  const server = buildServer(accounts)
  const { port, host } = address()
  const close = async () => {
    await server.close()
    await accounts.close()
  }
  const stop = () => {
    // The second signal, of somebody who will not wait, kills it as it would any program.
    process.off('SIGTERM', stop).off('SIGINT', stop)
    void close()
  }
  try {
    const url = await server.listen(port, host)
    // Before the first line: who has read it may end it.
    process.on('SIGTERM', stop).on('SIGINT', stop)
    announce(url, server.keys)
    console.log(coverageTable(server.telephony.gate))
  } catch (error) {
    await server.telephony.close()
    await accounts.close()
    throw error
  }
}

/** Where to listen. */
export function address(): { port: number; host: string } {
  const { PORT = '3000', HOST = '127.0.0.1' } = process.env
  return { port: Number(PORT), host: HOST }
}

export function announce(url: string, keys: readonly IssuedKey[]): void {
  console.log(`listening on ${url}`)
  for (const { account, client, key } of keys) console.log(`account=${account} client=${client} key=${key}`)
}
