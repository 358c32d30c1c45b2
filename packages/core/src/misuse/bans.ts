import { LRUCache } from 'lru-cache'

/** So many bans stand at once for each sign. */
const MOST_BANS = 10_000

/**
 * Who is refused, and until when. They stand by themselves: nothing that others ask for can push them out. Each lasts as long as the others, so
 * of too many the first to go is the one that ends first.
 */
export class Bans {
  readonly #ends = new LRUCache<string, number>({ max: MOST_BANS })
  /** When the last of them ends: mostly nobody is refused, and so nobody is looked up. */
  #lastEnds = -Infinity

  /** What another process tells late does not shorten what holds here. */
  add(subject: string, until: number): void {
    const end = Math.max(until, this.#ends.peek(subject) ?? -Infinity)
    this.#ends.set(subject, end)
    this.#lastEnds = Math.max(this.#lastEnds, end)
  }

  holds(subject: string, now: number): boolean {
    if (now >= this.#lastEnds) return false
    // Not moved: the order is that in which they end.
    const end = this.#ends.peek(subject)
    return end !== undefined && now < end
  }
}
