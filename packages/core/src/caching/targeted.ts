import { type BareItem, type Dictionary, parseDictionary, serializeBareItem } from 'structured-headers'
import { type Directives, gather, readCarelessly, readDirectives, writeDirectives } from './directives.js'
import { forSharedCaches, narrow } from './narrow.js'

/** Whether a field, by its lower-case name, speaks to some caches past Cache-Control: `cdn-cache-control` and its like (RFC 9213). */
export function isTargeted(name: string): boolean {
  return (
    ALONE.has(name) ||
    // The last letter tells most others apart.
    (name.charCodeAt(name.length - 1) === L && name.endsWith('-cache-control'))
  )
}

const L = 108
const SURROGATE_CONTROL = 'surrogate-control'
/** Of nginx, which stores by it even what Cache-Control calls `private`. */
const X_ACCEL_EXPIRES = 'x-accel-expires'
/** Of Akamai; its `!no-store` takes back what Cache-Control says. */
const EDGE_CONTROL = 'edge-control'
const ALONE = new Set([SURROGATE_CONTROL, X_ACCEL_EXPIRES, EDGE_CONTROL])

/**
 * A targeted field brought under what is permitted, or `undefined` where it must go. A cache that honours it passes over
 * Cache-Control (RFC 9213 §2.2), so it has to hold everything by itself; a field that names no lifetime gets that of
 * Cache-Control.
 */
export function narrowTargeted(
  name: string,
  value: string,
  permitted: Directives,
  cacheControl: Directives,
  now: number,
): string | undefined {
  if (name === X_ACCEL_EXPIRES) return narrowAccelExpires(value, forSharedCaches(permitted), now)
  const own = readTargeted(name, value)
  if (!own) return undefined
  const most = forSharedCaches(permitted)
  const hasLifetime = own.maxAge !== undefined || own.sharedMaxAge !== undefined
  // Where none is permitted, since each use is to be asked for, there is none to take over, nor where nothing is kept.
  const takesOver = !hasLifetime && !own.noStore && most.maxAge !== undefined
  return writeDirectives(narrow(takesOver ? forSharedCaches(cacheControl) : most, own))
}

/** Seconds from now, or `@` and the seconds of a date; `0` keeps nothing, and what is neither is read so. */
function narrowAccelExpires(value: string, permitted: Directives, now: number): string {
  const [, at, digits] = /^(@?)(\d+)$/.exec(value) ?? []
  const lifetime = Math.max(0, Number(digits ?? 0) - (at ? Math.floor(now / 1000) : 0))
  // It has no word for no-cache, and would be believed instead.
  const most = permitted.noCache ? 0 : (permitted.maxAge ?? 0)
  return String(Math.min(lifetime, most))
}

function readTargeted(name: string, value: string): Directives | undefined {
  if (name === SURROGATE_CONTROL) return readDirectives(value)
  return name === EDGE_CONTROL ? readEdgeControl(value) : readDictionary(value)
}

/** Its two words that Cache-Control calls otherwise. What takes something back (`!no-store`) is lost as loosening. */
function readEdgeControl(value: string): Directives {
  return readDirectives(
    value.replaceAll(/cache-maxage/gi, 'max-age').replaceAll(/bypass-cache/gi, 'no-store'),
  )
}

/** `undefined` for what is no dictionary: caches pass over such a field, so nothing is lost with it (RFC 9213 §2.1). */
function readDictionary(value: string): Directives | undefined {
  let dictionary: Dictionary
  try {
    dictionary = parseDictionary(value)
  } catch {
    return undefined
  }
  const members = [...dictionary].map(([name, [item]]): [string, string | undefined] => [
    name,
    Array.isArray(item) ? '' : valueOf(item),
  ])
  return gather([...members, ...readCarelessly(value)])
}

function valueOf(item: BareItem): string | undefined {
  return typeof item === 'boolean' ? undefined : serializeBareItem(item)
}
