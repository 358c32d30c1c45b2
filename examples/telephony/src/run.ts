import type { IssuedKey } from './accounts.js'
import { openAccounts } from './accounts-file.js'
import { coverageTable } from './coverage-table.js'
import type { TelephonyServer } from './server.js'
import { untilStopped } from './stopped.js'
import type { Shared } from './telephony.js'

/**
 * Runs it as a program, with its accounts in a SQLite file and its ledger beside it. `PORT`: 3000 by default, 0 for any free one. `HOST`: 127.0.0.1 by default, because keys travel in clear
 * over plain HTTP (clause 4(b)). Prints where it listens and, since they are made anew at each start, the keys of the demo accounts;
 * then how each clause of the Terms is met.
 */
export async function run(buildServer: (shared: Shared) => TelephonyServer): Promise<void> {
  const stopped = untilStopped()
  const { port, host } = address()
  const accounts = await openAccounts()
  const server = buildServer(accounts)
  try {
    announce(await server.listen(port, host), server.keys)
    console.log(coverageTable(server.telephony.gate))
    await stopped
  } finally {
    await server.close()
    await accounts.close()
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
