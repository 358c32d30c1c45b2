import type { ResponseHead } from '../head.js'
import { isTargeted } from './targeted.js'

/** Which fields about caching the handler has set. */
export interface SaidFields {
  cacheControl: boolean
  expires: boolean
  vary: boolean
  age: boolean
  /** Their lower-case names. */
  targeted: string[]
}

/** Those that every cache heeds. */
const OF_ALL_CACHES = new Map<string, Exclude<keyof SaidFields, 'targeted'>>([
  ['cache-control', 'cacheControl'],
  ['expires', 'expires'],
  ['vary', 'vary'],
  ['age', 'age'],
])

/** Whether a field, by its lower-case name, speaks of caching. */
export function isOfCaching(name: string): boolean {
  return OF_ALL_CACHES.has(name) || isTargeted(name)
}

/** `undefined` where the handler has set none, as most do. One pass over the names: targeted fields can have any. */
export function findFields(names: readonly string[]): SaidFields | undefined {
  let found: SaidFields | undefined
  for (const name of names) {
    const ofAll = OF_ALL_CACHES.get(name)
    if (ofAll) (found ??= none())[ofAll] = true
    else if (isTargeted(name)) (found ??= none()).targeted.push(name)
  }
  return found
}

function none(): SaidFields {
  return { cacheControl: false, expires: false, vary: false, age: false, targeted: [] }
}

/** All lines of a field in one, or `undefined` where it is not set. */
export function textOf(head: ResponseHead, name: string): string | undefined {
  const value = head.getHeader(name)
  if (value === undefined || typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : value.join(', ')
}

/** The lines of a field whose values hold commas of their own. */
export function linesOf(head: ResponseHead, name: string): readonly string[] {
  const value = head.getHeader(name)
  if (value === undefined) return []
  return typeof value === 'object' ? value : [String(value)]
}
