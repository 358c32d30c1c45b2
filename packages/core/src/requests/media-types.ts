import { parse } from 'content-type'
import { LRUCache } from 'lru-cache'
import typeIs from 'type-is'
import { isRepeated } from '../field-lines.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

/** Clients send few different values; a flood of others must neither grow the table nor fill it with long ones. */
const REMEMBERED = 200
const LONGEST_REMEMBERED = 200

const MEDIA_RANGE = /^(?:\*|[\w!#$&^-]+)\/(?:\*|(?:\*\+)?[\w!#$&^.+-]+)$/

/** What is wrong with a media type among the options, and the remedy. */
export function mediaTypeProblem(type: string): string | undefined {
  if (type.includes(';')) return 'must have no parameters: they play no part in the comparison'
  const range = typeIs.normalize(type.toLowerCase())
  if (range !== false && MEDIA_RANGE.test(range)) return undefined
  return "must be a media type, e.g. 'application/json', 'application/*' or '+json'"
}

/**
 * Refuses bodies of another type, or of none, as `media-type-not-accepted`. What counts is type and subtype; parameters, case
 * and space around them do not.
 */
export function createMediaTypeCheck(
  mediaTypes: readonly string[] | undefined,
): (request: GateRequest) => Ground | undefined {
  if (!mediaTypes) return () => undefined
  const ranges = mediaTypes.map((type) => typeIs.normalize(type.toLowerCase()) || type)
  const { refused, patchRefused } = groundsFor(ranges)
  const verdicts = new LRUCache<string, boolean>({ max: REMEMBERED })

  const isAccepted = (value: string): boolean => {
    let verdict = verdicts.get(value)
    if (verdict === undefined) {
      verdict = isSingle(value) && typeIs.is(value, ranges) !== false
      if (value.length <= LONGEST_REMEMBERED) verdicts.set(value, verdict)
    }
    return verdict
  }

  return ({ method, headers, rawHeaders, hasBody }) => {
    if (!hasBody) return undefined
    const value = headers['content-type']
    if (typeof value === 'string' && isAccepted(value) && !isRepeated(rawHeaders, 'content-type'))
      return undefined
    return method === 'PATCH' ? patchRefused : refused
  }
}

/** A comma outside of quotes joins two values: some readers take the first, some the last. */
function isSingle(value: string): boolean {
  return parse(value, { comma: true }).index === value.length
}

function groundsFor(ranges: readonly string[]) {
  const accept = ranges.join(', ')
  // Accept-Patch lists media types, not ranges (RFC 5789 §3.1).
  const acceptPatch = ranges.filter((range) => !range.includes('*')).join(', ')
  const refused: Ground = {
    reason: 'media-type-not-accepted',
    detail: `Send one Content-Type field; bodies may be of ${accept}.`,
    headers: { Accept: accept },
  }
  const patchRefused = acceptPatch
    ? { ...refused, headers: { Accept: accept, 'Accept-Patch': acceptPatch } }
    : refused
  return { refused: Object.freeze(refused), patchRefused: Object.freeze(patchRefused) }
}
