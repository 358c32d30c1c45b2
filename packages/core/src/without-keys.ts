/**
 * Takes out what looks like a key of `issueKey`: callers put keys into paths, and providers by mistake into options. A segment that
 * only holds one once its percent-encoding is undone goes as a whole.
 */
export function withoutKeys(text: string): string {
  if (text.length < SHORTEST_KEY) return text
  const plain = text.replace(LIKE_A_KEY, REMOVED)
  return plain.includes('%') ? plain.split('/').map(withoutEncodedKey).join('/') : plain
}

const SHORTEST_KEY = 40
/** The prefix is read from the beginning of a word only: else each letter of a long one would be begun at, and the time grow with the square of its length. */
const LIKE_A_KEY = /(?:(?<![0-9A-Za-z])[0-9A-Za-z]+)?_[0-9A-Za-z]{38,}/g
const REMOVED = '[key]'

function withoutEncodedKey(segment: string): string {
  if (!segment.includes('%')) return segment
  const decoded = segment.replaceAll(/%([\da-f]{2})/gi, (_, octet: string) =>
    String.fromCharCode(Number.parseInt(octet, 16)),
  )
  return decoded.search(LIKE_A_KEY) === -1 ? segment : REMOVED
}
