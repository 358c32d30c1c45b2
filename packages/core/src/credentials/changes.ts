import { LRUCache } from 'lru-cache'

/** How many changed accounts are remembered one by one. */
const REMEMBERED = 10_000

/**
 * Which accounts changed, in order: what tells whether something read earlier still holds. Its memory is bounded; for an account
 * that it no longer remembers it says "changed" rather than guess.
 */
export class Changes {
  #count = 0
  /** Up to here, every account that is not remembered may have changed. */
  #forgotten = 0
  readonly #last = new LRUCache<string, number>({
    max: REMEMBERED,
    dispose: (count, _account, why) => {
      if (why === 'evict') this.#forgotten = Math.max(this.#forgotten, count)
    },
  })

  /** How many changes there were so far. */
  get count(): number {
    return this.#count
  }

  /** Notes a change. One that names no account is a change of every account. */
  note(account: unknown): void {
    this.#count++
    if (typeof account === 'string') this.#last.set(account, this.#count)
    else this.#forgotten = this.#count
  }

  /**
   * Whether what was read of an account when there were `count` changes may be out of date. `undefined` stands for no account: a key
   * that was unknown may have been issued by any change.
   */
  since(count: number, account: string | undefined): boolean {
    if (count === this.#count) return false
    if (account === undefined) return true
    return Math.max(this.#last.peek(account) ?? 0, this.#forgotten) > count
  }
}
