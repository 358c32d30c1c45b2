/**
 * What RFC 3986 allows in a path but `;` (some routers cut parameters there), and `[`, `]`, `|`, which browsers send as they are.
 * An empty or a dot segment does not fit.
 */
const SEGMENTS = /^(?=\/)(?:\/(?!\.\.?(?:\/|$))[\w!$&'()*+,=:@~.|[\]%-]+)*\/?$/

/**
 * Percent-encoding that makes two paths of one, by whether it is decoded before or after routing: a broken sequence, a
 * control character, a dot, slash or backslash, a letter or digit that needs no encoding, and whatever would be decoded
 * a second time.
 */
const TWO_READINGS =
  /%(?![\da-f]{2})|%(?:[01][\da-f]|7f|c2%[89]|2[ef]|5c|3\d|[46][1-9a-f]|[57][\da]|25[\da-f]{2})/i

/** Whether a path, or the text of a pattern, can be read in two ways. */
export function pathIsAmbiguous(path: string): boolean {
  if (!SEGMENTS.test(path)) return true
  return path.includes('%') && (TWO_READINGS.test(path) || !isUtf8(path))
}

function isUtf8(encoded: string): boolean {
  if (!/%[89a-f]/i.test(encoded)) return true
  try {
    decodeURIComponent(encoded)
    return true
  } catch {
    return false
  }
}
