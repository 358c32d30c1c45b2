import { readRecord, writtenRecord, type HistoryEntry, type Operation, type Proposal } from '@api-terms/core'
import type { Database } from './database.js'
import { columnOf, textOf } from './texts.js'

interface Row {
  readonly id: number
  readonly time: string
  readonly author: string
  readonly why: string | null
  readonly operation: string
  readonly accounts: string
  readonly rules: number | null
}

/** Which part of the history. */
interface Page {
  readonly account?: string
  readonly after: number
  readonly limit: number
}

/** What was done, in order. The file itself refuses to alter it. */
export class HistoryTable {
  readonly #run: ReturnType<typeof statementsOf>

  constructor(database: Database) {
    this.#run = statementsOf(database)
  }

  /** The id of the last entry; 0 where there is none. */
  last(): number {
    return (this.#run.last.get() as { readonly id: number }).id
  }

  /** When the last entry was done. */
  lastTime(): Date | undefined {
    const row = this.#run.lastTime.get() as Pick<Row, 'time'> | undefined
    return row && new Date(row.time)
  }

  /** Within a transaction. */
  add(proposal: Proposal, concerns: readonly string[]): HistoryEntry {
    const id = this.last() + 1
    const { time, by, why, operation, rules } = proposal
    this.#run.add.run(
      id,
      time.toISOString(),
      columnOf(by),
      why === undefined ? null : columnOf(why),
      writtenRecord(operation),
      writtenRecord(concerns),
      rules ?? null,
    )
    const accounts = Object.freeze([...concerns])
    for (const account of new Set(accounts)) this.#run.concern.run(columnOf(account), id)
    return Object.freeze({ id, ...proposal, accounts })
  }

  page({ account, after, limit }: Page): readonly HistoryEntry[] {
    const most = Math.min(limit, Number.MAX_SAFE_INTEGER)
    const rows =
      account === undefined
        ? this.#run.page.all(after, most)
        : this.#run.pageOf.all(columnOf(account), after, most)
    return Object.freeze((rows as Row[]).map(entryIn))
  }

  /** The accounts that later entries concern, and the id of the last of them. */
  since(id: number): { readonly last: number; readonly accounts: ReadonlySet<string> } {
    const rows = this.#run.since.all(id) as Pick<Row, 'id' | 'accounts'>[]
    const accounts = rows.flatMap((row) => readRecord(row.accounts) as readonly string[])
    return { last: rows.at(-1)?.id ?? id, accounts: new Set(accounts) }
  }
}

function statementsOf(database: Database) {
  const made = (sql: string) => database.prepare(sql)
  const columns = 'id, time, author, why, operation, accounts, rules'
  return {
    last: made('SELECT coalesce(max(id), 0) AS id FROM history'),
    lastTime: made('SELECT time FROM history ORDER BY id DESC LIMIT 1'),
    add: made(`INSERT INTO history (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`),
    concern: made('INSERT INTO concerned (account, entry) VALUES (?, ?)'),
    page: made(`SELECT ${columns} FROM history WHERE id > ? ORDER BY id LIMIT ?`),
    pageOf: made(`
      SELECT ${columns} FROM concerned JOIN history ON history.id = concerned.entry
      WHERE concerned.account = ? AND concerned.entry > ? ORDER BY concerned.entry LIMIT ?`),
    since: made('SELECT id, accounts FROM history WHERE id > ? ORDER BY id'),
  }
}

function entryIn({ id, time, author, why, operation, accounts, rules }: Row): HistoryEntry {
  return Object.freeze({
    id,
    time: new Date(time),
    by: textOf(author),
    ...(why !== null && { why: textOf(why) }),
    operation: readRecord(operation) as Operation,
    accounts: readRecord(accounts) as readonly string[],
    ...(rules !== null && { rules }),
  })
}
