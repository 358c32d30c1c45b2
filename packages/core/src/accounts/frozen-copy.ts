import { fixedDate } from './fixed-date.js'
import { withoutIssuedKeys } from './keys-in-text.js'
import type { Operation } from './operations.js'

/**
 * A copy that nobody can alter. What is `undefined` is left out, so that a copy is the same after it has been written and read again. What
 * is of no form that is kept stays what it is, to be refused as that.
 */
export function frozenCopy<T>(value: T): T {
  return copied(value, (text) => text) as T
}

/** What people write and read, and may put a key into by mistake; who accepts or consents is not altered, but refused where that is a key. */
const FOR_PEOPLE = new Set(['name', 'contacts'])

/** A copy of an operation that nobody can alter, without the keys that stand where people read (clause 4(b)). */
export function operationToKeep(operation: Operation): Operation {
  return copied(operation, (text, within) =>
    FOR_PEOPLE.has(within) ? withoutIssuedKeys(text) : text,
  ) as Operation
}

/** `kept` is asked for each text, with the member that it is, or that it is within. */
function copied(value: unknown, kept: (text: string, within: string) => string, within = ''): unknown {
  if (typeof value === 'string') return kept(value, within)
  if (Array.isArray(value)) return Object.freeze(value.map((each: unknown) => copied(each, kept, within)))
  // No `instanceof`: what it is may come from another realm.
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return fixedDate(value as Date)
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
