import type { IssuedKey } from './accounts.js'
import { openAccounts } from './accounts-file.js'
import { address } from './address.js'
import { coverageTable } from './coverage-table.js'
import { reportEnd } from './faults.js'
import type { TelephonyServer } from './server.js'
import { untilStopped } from './stopped.js'
import type { Shared } from './telephony.js'

type BuildServer = (shared: Shared) => TelephonyServer

/** Runs it as a program, with its accounts in a SQLite file and its ledger beside it. */
export async function run(buildServer: BuildServer): Promise<void> {
  const stopped = untilStopped()
  await serve(buildServer, stopped).catch(reportEnd)
}

async function serve(buildServer: BuildServer, stopped: Promise<void>): Promise<void> {
  const { port, host } = address()
  const accounts = await openAccounts()
  const server = buildServer(accounts)
  try {
    const url = await server.listen(port, host)
    announce(url, server.keys, coverageTable(server.telephony.gate))
    await stopped
  } finally {
    await server.close()
    await accounts.close()
  }
}

/**
 * Prints where it listens and, since they are made anew at each start, the keys of the demo accounts; then how each clause of the Terms
 * is met.
 */
export function announce(url: string, keys: readonly IssuedKey[], coverage: string): void {
  console.log(`listening on ${url}`)
  for (const { account, client, key } of keys) console.log(`account=${account} client=${client} key=${key}`)
  console.log(coverage)
}
