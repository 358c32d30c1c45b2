import {
  accountRegistry,
  type Account,
  type AccountPage,
  type AccountRegistry,
  type Client,
  type HistoryEntry,
  type HistoryPage,
  type Registration,
} from '@api-terms/core'
import { Database } from './database.js'
import { checkFile, wholeNumber, type SqliteRegistryOptions } from './options.js'
import { SqliteStorage } from './sqlite-storage.js'

/** A registry in a file: what is read is read at once. */
export interface SqliteRegistry extends AccountRegistry {
  peekByDigest(digest: string): Registration | undefined
  account(id: string): Account | undefined
  client(id: string): Client | undefined
  accounts(page?: AccountPage): readonly Account[]
  clientsOf(account: string): readonly Client[]
  history(page?: HistoryPage): readonly HistoryEntry[]
}

/**
 * A registry whose records, and the history of its operations, are in a SQLite file, which several processes of one machine may share.
 * An operation that is confirmed is on the disk. In the process that did it, it is in force with the next request; in the others within
 * `pollMs`.
 *
 * @throws OptionsError listing everything that is wrong with the options, or where the file cannot be opened
 */
export function sqliteRegistry(options: SqliteRegistryOptions): SqliteRegistry {
  const file = checkFile(options, {
    pollMs: wholeNumber('ms', 10, 1000),
    clock: [isClock, 'must be { now }, in ms since 1970; leave it out for the clock of the system'],
  })
  const { pollMs = 200, clock } = options
  const [, storage] = Database.for(file, { durable: true }, (database) => new SqliteStorage(database, pollMs))
  return accountRegistry(storage, clock ? { clock } : {}) as SqliteRegistry
}

function isClock(clock: unknown): boolean {
  return (
    clock === undefined ||
    (typeof clock === 'object' && clock !== null && 'now' in clock && typeof clock.now === 'function')
  )
}
