import { StoreError, type Reason, type UsageBatch, type UsageRow, type UsageStore } from '@api-terms/core'
import { Database } from './database.js'
import { failure } from './failures.js'
import type { Value } from './drivers.js'
import { checkFile, wholeNumber, type FileOptions } from './options.js'
import { columnOf, textOf } from './texts.js'

/** Options of `sqliteUsage`. */
export interface SqliteUsageOptions extends FileOptions {
  /** How many days are kept, of those on which there was any: the last ones. Default 400. */
  days?: number
}

/** Usage in a file. */
export interface SqliteUsage extends UsageStore {
  /** Lets go of the file. */
  close(): Promise<void>
}

/**
 * Keeps usage in a SQLite file, which may be that of the registry, together with the other processes that do so. What was added
 * outlives `kill -9`; the loss of power may take the last batches.
 *
 * @throws OptionsError listing everything that is wrong with the options, or where the file cannot be opened
 */
export function sqliteUsage(options: SqliteUsageOptions): SqliteUsage {
  const file = checkFile(options, { days: wholeNumber('days', 1, 36_500) })
  const { days = 400 } = options
  const [database, run] = Database.for(file, { durable: false }, statementsOf)

  const add = ({ process, serial, rows }: UsageBatch) => {
    const had = run.serial.get(process) as { readonly serial: number } | undefined
    if (had && had.serial >= serial) return
    const last = rows.reduce((day, row) => (row.day > day ? row.day : day), '')
    run.batch.run(process, serial, last)
    // One statement for all: the process does nothing else meanwhile.
    run.add.run(JSON.stringify(rows.map(countsOf)))
    run.addRefusals.run(JSON.stringify(rows.flatMap(refusalsOf)))
    removeOld()
  }

  /**
   * By number, not by date: the day of a machine whose clock is wrong drives out no more than one other. And one day for each batch, so that
   * none takes long.
   */
  const removeOld = () => {
    const { held, oldest } = run.held.get(days + 1) as { readonly held: number; readonly oldest: string }
    if (held > days) for (const remove of run.remove) remove.run(oldest)
  }

  return {
    add: async (batch) => database.write(() => add(batch)),
    async read({ api, account, from, to }) {
      if (database.closed) throw new StoreError('api-terms: the usage is closed')
      const [which, whose] = [api, account].map((name) => (name === undefined ? null : columnOf(name)))
      const values: Value[] = [from, to, which ?? null, whose ?? null]
      try {
        return rowsOf(run.read.all(...values) as CountRow[], run.readRefusals.all(...values) as RefusalRow[])
      } catch (cause) {
        throw failure(cause)
      }
    },
    close: () => database.close(),
  }
}

interface Named {
  readonly day: string
  readonly api: string
  readonly account: string
  readonly class: string
}
type CountRow = Named & Pick<UsageRow, 'connections' | 'heldMs' | 'bytesIn' | 'bytesOut' | 'peak'>
type RefusalRow = Named & { readonly reason: Reason; readonly count: number }

function statementsOf(database: Database) {
  const made = (sql: string) => database.prepare(sql)
  const meant = 'day BETWEEN ? AND ? AND api = coalesce(?, api) AND account = coalesce(?, account)'
  const places = (count: number) => Array.from({ length: count }, (_, i) => `value ->> ${i}`).join(', ')
  return {
    serial: made('SELECT serial FROM usage_batches WHERE process = ?'),
    batch: made(`
      INSERT INTO usage_batches (process, serial, day) VALUES (?, ?, ?)
      ON CONFLICT (process) DO UPDATE SET serial = excluded.serial, day = max(day, excluded.day)`),
    add: made(`
      INSERT INTO usage (day, api, account, class, connections, held_ms, bytes_in, bytes_out, peak)
      SELECT ${places(9)} FROM json_each(?) WHERE true
      ON CONFLICT (day, api, account, class) DO UPDATE SET
        connections = connections + excluded.connections, held_ms = held_ms + excluded.held_ms,
        bytes_in = bytes_in + excluded.bytes_in, bytes_out = bytes_out + excluded.bytes_out,
        peak = max(peak, excluded.peak)`),
    addRefusals: made(`
      INSERT INTO usage_refusals (day, api, account, class, reason, count)
      SELECT ${places(6)} FROM json_each(?) WHERE true
      ON CONFLICT (day, api, account, class, reason) DO UPDATE SET count = count + excluded.count`),
    remove: ['usage', 'usage_refusals', 'usage_batches'].map((table) =>
      made(`DELETE FROM ${table} WHERE day <= ?`),
    ),
    // From one day to the next: to look at all that is kept would take long.
    held: made(`
      WITH RECURSIVE held (day) AS (
        SELECT max(day) FROM usage
        UNION ALL SELECT (SELECT max(usage.day) FROM usage WHERE usage.day < held.day) FROM held WHERE held.day IS NOT NULL
        LIMIT ?)
      SELECT count(day) AS held, (SELECT min(day) FROM usage) AS oldest FROM held`),
    read: made(`
      SELECT day, api, account, class, connections, held_ms AS heldMs, bytes_in AS bytesIn, bytes_out AS bytesOut, peak
      FROM usage WHERE ${meant}`),
    readRefusals: made(`SELECT day, api, account, class, reason, count FROM usage_refusals WHERE ${meant}`),
  }
}

function namesOf({ day, api, account, class: className }: UsageRow): readonly string[] {
  return [day, columnOf(api), columnOf(account), columnOf(className)]
}

function countsOf(row: UsageRow): readonly unknown[] {
  return [...namesOf(row), row.connections, row.heldMs, row.bytesIn, row.bytesOut, row.peak]
}

function refusalsOf(row: UsageRow): (readonly unknown[])[] {
  const names = namesOf(row)
  return Object.entries(row.refusals).map(([reason, count]) => [...names, reason, count])
}

function rowsOf(counts: readonly CountRow[], refusals: readonly RefusalRow[]): UsageRow[] {
  const by = new Map<string, Partial<Record<Reason, number>>>()
  const nameOf = ({ day, api, account, class: className }: Named) =>
    JSON.stringify([day, api, account, className])
  for (const row of refusals) {
    const name = nameOf(row)
    by.set(name, { ...by.get(name), [row.reason]: row.count })
  }
  return counts.map((row) => {
    const { day, connections, heldMs, bytesIn, bytesOut, peak } = row
    const [api, account, className] = [textOf(row.api), textOf(row.account), textOf(row.class)]
    const refused = by.get(nameOf(row)) ?? {}
    return {
      api,
      account,
      class: className,
      day,
      connections,
      refusals: refused,
      heldMs,
      bytesIn,
      bytesOut,
      peak,
    }
  })
}
