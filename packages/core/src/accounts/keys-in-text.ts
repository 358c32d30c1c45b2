import { isIssuedKey } from './key.js'

const REMOVED = '[key]'
const BODIES = /_(?=[0-9A-Za-z]{38})/g
const BODY_LENGTH = 38
const LONGEST_PREFIX = 32

/** Whether a text holds a key of `issueKey`. Its checksum tells: ids of a provider's own, such as `user_<sha1>`, have the same form. */
export function holdsKey(text: string): boolean {
  return placesOfKeys(text).length > 0
}

/** A text without the keys of `issueKey` in it, and else as it is. */
export function withoutIssuedKeys(text: string): string {
  let left = ''
  let after = 0
  for (const [start, end] of placesOfKeys(text)) {
    if (end > after) left += text.slice(after, Math.max(start, after)) + REMOVED
    after = Math.max(after, end)
  }
  return left + text.slice(after)
}

type Place = readonly [start: number, end: number]

function placesOfKeys(text: string): Place[] {
  return [...text.matchAll(BODIES)]
    .map(({ index }) => placeOfKey(text, index))
    .filter((place) => place !== undefined)
}

/** What stands right before a prefix may look like a part of it, so that each beginning is tried, the longest first. */
function placeOfKey(text: string, separator: number): Place | undefined {
  const end = separator + 1 + BODY_LENGTH
  for (let start = Math.max(0, separator - LONGEST_PREFIX); start < separator; start++)
    if (isIssuedKey(text.slice(start, end))) return [start, end]
  return undefined
}
