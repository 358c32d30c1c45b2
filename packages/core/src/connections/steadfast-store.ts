import { bounded } from '../bounded.js'
import type { CompleteClock } from '../clock.js'
import { StoreError } from '../errors.js'
import { isPending, isPromise, type Pending } from '../pending.js'
import { memoryConnections } from './memory-store.js'
import type { WhenStoreFails } from './options.js'
import type { ConnectionStore, CounterName, Lease, LeaseAnswer, LeaseAsk } from './store.js'

export interface SteadfastStoreOptions {
  readonly store: ConnectionStore
  readonly whenStoreFails: WhenStoreFails
  readonly timeoutMs: number
  readonly clock: CompleteClock
  onFailed(cause: unknown): void
}

/** What `admit` gives while nothing can be counted. */
const UNCOUNTED: Lease = Object.freeze({})

/**
 * A store that answers within its time whatever befalls the one behind it, as the provider chose. It throws and rejects with a
 * StoreError only under `refuse`.
 */
export class SteadfastStore implements ConnectionStore {
  readonly #options: SteadfastStoreOptions
  readonly #local: ConnectionStore
  readonly #localLeases = new WeakSet<Lease>()

  constructor(options: SteadfastStoreOptions) {
    this.#options = options
    this.#local = memoryConnections({ clock: options.clock })
  }

  acquire(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    try {
      const answer: LeaseAnswer | Pending<LeaseAnswer> | Promise<LeaseAnswer> =
        this.#options.store.acquire(ask)
      // The type says otherwise, but taken for an answer a promise would read as "the limit is reached".
      if (isPromise<LeaseAnswer | Pending<LeaseAnswer>>(answer))
        return this.#inTime({ answer: answer as Promise<LeaseAnswer>, leave() {} }, ask)
      return isPending(answer) ? this.#inTime(answer, ask) : answer
    } catch (cause) {
      return this.#instead(ask, cause)
    }
  }

  release(lease: Lease): void {
    if (lease === UNCOUNTED) return
    try {
      const store = this.#localLeases.has(lease) ? this.#local : this.#options.store
      store.release(lease)
    } catch (cause) {
      this.#options.onFailed(cause)
    }
  }

  setLimit(counter: CounterName, limit: number): void {
    this.#local.setLimit(counter, limit)
    try {
      this.#options.store.setLimit(counter, limit)
    } catch (cause) {
      this.#options.onFailed(cause)
    }
  }

  onLost(listener: (lease: Lease) => void): () => void {
    return this.#options.store.onLost?.(listener) ?? (() => {})
  }

  async close(): Promise<void> {
    await this.#local.close()
    const { store, timeoutMs, clock, onFailed } = this.#options
    try {
      await bounded(Promise.resolve(store.close()), timeoutMs, 'closing the connection store', clock)
    } catch (cause) {
      onFailed(cause)
    }
  }

  #inTime(pending: Pending<LeaseAnswer>, ask: LeaseAsk): Pending<LeaseAnswer> {
    const { timeoutMs, clock } = this.#options
    let place: Pending<unknown> = pending
    let left = false
    const answer = bounded(pending.answer, ask.waitMs + timeoutMs, 'the connection store', clock).catch(
      (cause: unknown) => {
        // What the store grants too late must not stay held.
        pending.leave()
        pending.answer.then(
          ({ lease }) => lease && this.release(lease),
          () => undefined,
        )
        const instead = this.#instead(left ? { ...ask, waitMs: 0 } : ask, cause)
        if (!isPending(instead)) return instead
        place = instead
        return instead.answer
      },
    )
    const leave = () => {
      left = true
      place.leave()
    }
    return { answer, leave }
  }

  #instead(ask: LeaseAsk, cause: unknown): LeaseAnswer | Pending<LeaseAnswer> {
    this.#options.onFailed(cause)
    switch (this.#options.whenStoreFails) {
      case 'refuse':
        throw new StoreError('the connection store failed', { cause })
      case 'admit':
        // Counting nothing is not letting in who is blocked.
        return ask.limit > 0 ? { lease: UNCOUNTED, inUse: 1 } : { lease: undefined, inUse: 0 }
      case 'local':
        return this.#markLocal(this.#local.acquire(ask))
    }
  }

  #markLocal(answer: LeaseAnswer | Pending<LeaseAnswer>): LeaseAnswer | Pending<LeaseAnswer> {
    const mark = (given: LeaseAnswer) => {
      if (given.lease) this.#localLeases.add(given.lease)
      return given
    }
    if (!isPending(answer)) return mark(answer)
    return { answer: answer.answer.then(mark), leave: () => answer.leave() }
  }
}
