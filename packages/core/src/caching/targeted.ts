import { type BareItem, type Dictionary, parseDictionary, serializeBareItem } from 'structured-headers'
import { type Directives, gather, readDirectives, writeDirectives } from './directives.js'
import { forSharedCaches, narrow } from './narrow.js'

/** Whether a field, by its lower-case name, speaks to some caches past Cache-Control: `cdn-cache-control` and its like (RFC 9213). */
export function isTargeted(name: string): boolean {
  return name.endsWith('-cache-control') || name === SURROGATE_CONTROL
}

const SURROGATE_CONTROL = 'surrogate-control'

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
): string | undefined {
  const own = name === SURROGATE_CONTROL ? readDirectives(value) : readDictionary(value)
  if (!own) return undefined
  const hasLifetime = own.maxAge !== undefined || own.sharedMaxAge !== undefined
  const narrowed = narrow(forSharedCaches(hasLifetime ? permitted : cacheControl), own)
  return writeDirectives(narrowed)
}

/** `undefined` for what is no dictionary: caches pass over such a field, so nothing is lost with it (RFC 9213 §2.1). */
function readDictionary(value: string): Directives | undefined {
  let dictionary: Dictionary
  try {
    dictionary = parseDictionary(value)
  } catch {
    return undefined
  }
  return gather([...dictionary].map(([name, [item]]) => [name, Array.isArray(item) ? '' : valueOf(item)]))
}

function valueOf(item: BareItem): string | undefined {
  return typeof item === 'boolean' ? undefined : serializeBareItem(item)
}
