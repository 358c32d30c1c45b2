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
const LIKE_A_KEY = /[A-Za-z][A-Za-z0-9]*_[0-9A-Za-z]{38,}/g
const REMOVED = '[key]'

function withoutEncodedKey(segment: string): string {
  if (!segment.includes('%')) return segment
  const decoded = segment.replaceAll(/%([\da-f]{2})/gi, (_, octet: string) =>
    String.fromCharCode(Number.parseInt(octet, 16)),
  )
  return decoded.search(LIKE_A_KEY) === -1 ? segment : REMOVED
}
