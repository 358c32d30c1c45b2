import { checkNamed, wholeNumber } from '../checked.js'
import { sumOf } from './row.js'
import type { UsageRow, UsageStore } from './store.js'

/** Options of `memoryUsage`. */
export interface MemoryUsageOptions {
  /** How many days are kept, of those on which there was any: the last ones. Default 62. */
  days?: number
}

/**
 * Keeps usage in the memory of this process: the store where none is given.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function memoryUsage(options: MemoryUsageOptions = {}): UsageStore {
  checkNamed(options, { days: wholeNumber(1, 'days') })
  const { days: kept = 62 } = options
  const days = new Map<string, Map<string, UsageRow>>()

  const add = (row: UsageRow) => {
    let rows = days.get(row.day)
    if (!rows) days.set(row.day, (rows = new Map<string, UsageRow>()))
    const name = JSON.stringify([row.api, row.account, row.class])
    const before = rows.get(name)
    rows.set(name, before ? sumOf(before, row) : row)
  }

  return {
    add({ rows }) {
      for (const row of rows) add(row)
      // By number, not by date: the day of a machine whose clock is wrong drives out no more than one other.
      if (days.size > kept) days.delete(oldestOf(days.keys()))
      return Promise.resolve()
    },
    read({ api, account, from, to }) {
      const found = [...days].flatMap(([day, rows]) => (day < from || day > to ? [] : [...rows.values()]))
      return Promise.resolve(
        found.filter((row) => (api ?? row.api) === row.api && (account ?? row.account) === row.account),
      )
    },
  }
}

function oldestOf(days: Iterable<string>): string {
  return [...days].reduce((one, other) => (one < other ? one : other))
}
