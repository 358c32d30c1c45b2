import { fixedDate } from './fixed-date.js'

/**
 * A copy that nobody can alter. What is `undefined` is left out, so that a copy is the same after it
 * has been written and read again.
 */
export function frozenCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map((each: unknown) => frozenCopy(each))) as T
  // No `instanceof`: a Date may come from another realm.
  if (Object.prototype.toString.call(value) === '[object Date]') {
    return fixedDate(value as unknown as Date) as T
  }
  const members = Object.entries(value as Record<string, unknown>)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => [name, frozenCopy(member)])
  return Object.freeze(Object.fromEntries(members)) as T
}
