import { OptionsError, StoreError, type LedgerEntry, type LedgerSink } from '@api-terms/core'
import { Database } from './database.js'
import { failure } from './failures.js'
import { checkFile, wholeNumber, type FileOptions } from './options.js'
import { columnOf } from './texts.js'

/** Options of `sqliteLedger`. */
export interface SqliteLedgerOptions extends FileOptions {
  /** How many days an entry is kept. Default 90. */
  days?: number
  /** How many entries are kept at most: the oldest go. Default 1 000 000. */
  maxEntries?: number
}

/** Which entries are meant. */
export interface LedgerFilter {
  readonly account?: string
  readonly what?: LedgerEntry['what']
  /**
   * Only what was written before the entry with this id: to read on where a page has ended. Where it has gone meanwhile, there is nothing:
   * what was written before it has gone too.
   */
  readonly before?: string
  /** So many at most, or `Infinity`. 100 by default. */
  readonly limit?: number
}

/** The ledger in a file, which can be read. */
export interface SqliteLedger extends LedgerSink {
  /**
   * The entries, the last one first.
   *
   * @throws OptionsError where `limit` is no whole number
   */
  read(filter?: LedgerFilter): LedgerEntry[]
  close(): Promise<void>
}

const DAY_MS = 86_400_000
/** So many old entries go with each write, so that none takes long. */
const GO_AT_ONCE = 2000

/**
 * A sink of the ledger: keeps entries in a SQLite file, which may be that of the registry. They outlive `kill -9`; the loss of power
 * may take the last ones.
 *
 * @throws OptionsError listing everything that is wrong with the options, or where the file cannot be opened
 */
export function sqliteLedger(options: SqliteLedgerOptions): SqliteLedger {
  const file = checkFile(options, {
    days: wholeNumber('days', 1, 36_500),
    maxEntries: wholeNumber('entries', 1),
  })
  const { days = 90, maxEntries = 1_000_000 } = options
  const [database, run] = Database.for(file, { durable: false }, statementsOf)

  return {
    async write(entries) {
      await database.write(() => {
        // One statement for all: the process does nothing else meanwhile.
        run.add.run(JSON.stringify(entries.map(rowOf)))
        run.removeOld.run(new Date(Date.now() - days * DAY_MS).toISOString(), GO_AT_ONCE)
        run.removeMany.run(maxEntries, GO_AT_ONCE)
      })
    },
    read({ account, what, before, limit = 100 } = {}) {
      if (database.closed) throw new StoreError('api-terms: the ledger is closed')
      checkLimit(limit)
      const all = before === undefined ? ANY_NUMBER : 0
      const values = [before ?? null, all, what ?? null, limit === Infinity ? NO_LIMIT : limit]
      try {
        const rows = account === undefined ? run.all.all(...values) : run.of.all(columnOf(account), ...values)
        return rows.map((row) => entryIn((row as { readonly entry: string }).entry))
      } catch (cause) {
        throw failure(cause)
      }
    },
    close: () => database.close(),
  }
}

/** Beyond the number of every entry. */
const ANY_NUMBER = Number.MAX_SAFE_INTEGER
/** As SQLite has it. */
const NO_LIMIT = -1

function checkLimit(limit: unknown): void {
  if (limit === Infinity || (Number.isSafeInteger(limit) && (limit as number) >= 1)) return
  const message = 'must be a whole number of entries, 1 or more, or Infinity'
  throw new OptionsError([{ path: 'limit', message }])
}

function statementsOf(database: Database) {
  const page = `number < coalesce((SELECT number FROM ledger WHERE id = ?), ?) AND what = coalesce(?, what)
    ORDER BY number DESC LIMIT ?`
  return {
    add: database.prepare(`
      INSERT INTO ledger (id, at, what, account, reason, entry)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)
      WHERE true ORDER BY key ON CONFLICT (id) DO NOTHING`),
    removeOld: database.prepare(
      'DELETE FROM ledger WHERE number IN (SELECT number FROM ledger WHERE at < ? ORDER BY at LIMIT ?)',
    ),
    removeMany: database.prepare(`
      DELETE FROM ledger WHERE number IN (
        SELECT number FROM ledger WHERE number <= (SELECT max(number) FROM ledger) - ? ORDER BY number LIMIT ?)`),
    all: database.prepare(`SELECT entry FROM ledger WHERE ${page}`),
    of: database.prepare(`SELECT entry FROM ledger WHERE account = ? AND ${page}`),
  }
}

function rowOf(entry: LedgerEntry): readonly unknown[] {
  const { id, at, what, account, reason } = entry
  return [id, at, what, account === undefined ? null : columnOf(account), reason, JSON.stringify(entry)]
}

function entryIn(text: string): LedgerEntry {
  const { at, since, ...rest } = JSON.parse(text) as Omit<LedgerEntry, 'at' | 'since'> & {
    readonly at: string
    readonly since?: string
  }
  return { ...rest, at: new Date(at), ...(since !== undefined && { since: new Date(since) }) }
}
