import { randomInt } from 'node:crypto'

/** Nobody outside knows it, and so nobody can choose paths that give the same number. */
const SEED = randomInt(2 ** 32 - 1)

/** A number of 53 bits for a text (cyrb53): what is only counted need not be kept. */
export function hashOf(text: string): number {
  let high = 0xdeadbeef ^ SEED
  let low = 0x41c6ce57 ^ SEED
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
