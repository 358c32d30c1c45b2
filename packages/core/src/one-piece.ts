const LONGEST = 512
const scratch = Buffer.allocUnsafeSlow(2 * LONGEST)

/**
 * The same text in one piece of its own. What was put together of others is kept as the tree of its parts, and that is walked each time it is
 * sent; and what was cut out of another keeps the whole of it in memory. By UTF-16, the one encoding that has every text as it is.
 */
export function inOnePiece(text: string): string {
  const bytes = text.length <= LONGEST ? scratch : Buffer.allocUnsafeSlow(2 * text.length)
  return bytes.toString('utf16le', 0, bytes.write(text, 'utf16le'))
}
