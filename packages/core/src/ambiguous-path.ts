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

/** What of those may stand in a path that needs no second look, by its code: all but `%`. */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\w!$&'()*+,=:@~.|[\]/-]/.test(String.fromCharCode(code))),
)

/** Whether a path, or the text of a pattern, can be read in two ways. */
export function pathIsAmbiguous(path: string): boolean {
  if (isPlain(path)) return false
  if (!SEGMENTS.test(path)) return true
  return path.includes('%') && (TWO_READINGS.test(path) || !isUtf8(path))
}

/** No false yes; what it says no to is looked at again. Expressions cost more where they are used once in a request. */
function isPlain(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false
  let before = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (PLAIN[code] !== 1 || (before === SLASH && (code === SLASH || code === DOT))) return false
    before = code
  }
  return true
}

const SLASH = 47
const DOT = 46

function isUtf8(encoded: string): boolean {
  if (!/%[89a-f]/i.test(encoded)) return true
  try {
    decodeURIComponent(encoded)
    return true
  } catch {
    return false
  }
}
