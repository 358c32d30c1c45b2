import { fixedDate } from './fixed-date.js'
import { withoutIssuedKeys } from './keys-in-text.js'
import type { HistoryEntry, Operation } from './operations.js'

/**
 * A copy to give out: frozen, with dates like any others. What is `undefined` is left out, so that a copy is the same after it has been
 * written and read again. What is of no form that is kept stays what it is, to be refused as that.
 */
export function frozenCopy<T>(value: T): T {
  return copied(value, { text: (text) => text, date: (date) => new Date(date) }) as T
}

/**
 * An entry of the history, to give out in the same way. The records of an import are not copied: they may be all that a registry has, and
 * every page would be as large.
 */
export function entryToGive(entry: HistoryEntry): HistoryEntry {
  const operation = entry.operation.kind === 'import' ? entry.operation : frozenCopy(entry.operation)
  return Object.freeze({ ...frozenCopy({ ...entry, operation: null }), operation })
}

/** What people write and read, and may put a key into by mistake; who accepts or consents is not altered, but refused where that is a key. */
const FOR_PEOPLE = new Set(['name', 'contacts'])

/** A copy of an operation that nobody can alter, without the keys that stand where people read (clause 4(b)). */
export function operationToKeep(operation: Operation): Operation {
  return copied(operation, {
    text: (text, within) => (FOR_PEOPLE.has(within) ? withoutIssuedKeys(text) : text),
    date: fixedDate,
  }) as Operation
}

interface Kept {
  /** Asked for each text, with the member that it is, or that it is within. */
  text(text: string, within: string): string
  date(date: Date): Date
}

function copied(value: unknown, kept: Kept, within = ''): unknown {
  if (typeof value === 'string') return kept.text(value, within)
  if (Array.isArray(value)) return Object.freeze(value.map((each: unknown) => copied(each, kept, within)))
  // No `instanceof`: what it is may come from another realm.
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return kept.date(value as Date)
    case '[object Object]': {
      const members = Object.entries(value as Record<string, unknown>)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => [name, copied(member, kept, FOR_PEOPLE.has(within) ? within : name)])
      return Object.freeze(Object.fromEntries(members))
    }
    default:
      return value
  }
}
