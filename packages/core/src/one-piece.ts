/**
 * The same text in one piece. What was put together of others is kept as the tree of its parts, and that is walked each time it is sent; and
 * what was cut out of another keeps the whole of it in memory.
 */
export function inOnePiece(text: string): string {
  return Buffer.from(text).toString()
}
