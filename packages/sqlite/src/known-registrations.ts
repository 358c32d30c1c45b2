import { LRUCache } from 'lru-cache'
import type { Registration } from '@api-terms/core'

/** So many of the last that were asked for are kept, so that memory is bounded. */
const MOST = 10_000

/** Registrations that have been read. Who is not known is not kept: they are read afresh each time. */
export class KnownRegistrations {
  readonly #table = new LRUCache<string, Registration>({ max: MOST })

  get(digest: string): Registration | undefined {
    return this.#table.get(digest)
  }

  set(digest: string, registration: Registration): void {
    this.#table.set(digest, registration)
  }

  forget(accounts: ReadonlySet<string>): void {
    const stale = [...this.#table.entries()].filter(([, { account }]) => accounts.has(account.id))
    for (const [digest] of stale) this.#table.delete(digest)
  }

  clear(): void {
    this.#table.clear()
  }
}
