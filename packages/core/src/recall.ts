import { inOnePiece } from './one-piece.js'

const SLOTS = 256
const LONGEST = 256

/**
 * The same function of a path, or of an address, worked out once for those that come again and again. A path has one place in a table of
 * fixed size, and takes it from whichever had it before: nothing has to be kept in order, and a flood of paths cannot make it grow.
 */
export function recalling<Result>(work: (path: string) => Result): (path: string) => Result {
  const paths: (string | undefined)[] = Array.from({ length: SLOTS })
  const results: (Result | undefined)[] = Array.from({ length: SLOTS })
  return (path) => {
    const slot = slotOf(path)
    if (paths[slot] === path) return results[slot] as Result
    const result = work(path)
    if (path.length <= LONGEST) {
      paths[slot] = inOnePiece(path)
      results[slot] = result
    }
    return result
  }
}

/** Paths of one API differ at their ends: every second character of the last 16 tells them apart well enough. */
function slotOf(path: string): number {
  let hash = path.length
  for (let i = path.length - 1; i >= 0 && i > path.length - 16; i -= 2)
    hash = (Math.imul(hash, 31) + path.charCodeAt(i)) | 0
  return hash & (SLOTS - 1)
}
