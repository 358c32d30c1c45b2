import type { CompleteClock } from '../clock.js'
import { StoreError } from '../errors.js'
import { isPending, type Pending } from '../pending.js'
import { memoryConnections } from './memory-store.js'
import type { WhenStoreFails } from './options.js'
import type { ConnectionStore, CounterName, Lease, LeaseAnswer, LeaseAsk } from './store.js'

/** A connection that is open, as far as it is counted. */
export interface Held extends CounterName {
  readonly lease: Lease
}

/** A lease that the store knows nothing of, and never will. */
class Uncounted {
  readonly counted = false
}
const UNCOUNTED: Lease = Object.freeze(new Uncounted())

/** Decides in the place of a store that is away, as the provider chose. */
export class StandIn {
  readonly #store: ConnectionStore
  readonly #whenStoreFails: WhenStoreFails
  readonly #memory: ConnectionStore
  /** What is counted here: for each lease its lease in this process. */
  readonly #counted = new Map<Lease, Lease>()
  /** How many it has let in. */
  admitted = 0

  constructor(store: ConnectionStore, whenStoreFails: WhenStoreFails, clock: CompleteClock) {
    this.#store = store
    this.#whenStoreFails = whenStoreFails
    this.#memory = memoryConnections({ clock })
  }

  /** What is open from before counts too: else a process that already has its part would take it twice. */
  begin(held: Iterable<Held>): void {
    this.admitted = 0
    if (this.#whenStoreFails === 'local') for (const one of held) this.count(one, one.lease)
  }

  count({ api, account, class: className }: CounterName, lease: Lease): void {
    if (this.#whenStoreFails !== 'local' || this.#counted.has(lease)) return
    const ask = { api, account, class: className, limit: Infinity, waitMs: 0, maxWaiting: 0 }
    const answer = this.#memory.acquire({ ...ask, client: '', target: '' }) as LeaseAnswer
    this.#counted.set(lease, answer.lease!)
  }

  /** @throws StoreError under `refuse`. */
  answer(ask: LeaseAsk, cause: unknown): LeaseAnswer | Pending<LeaseAnswer> {
    switch (this.#whenStoreFails) {
      case 'refuse':
        throw new StoreError('the connection store failed', { cause })
      case 'admit':
        // Counting nothing is not letting in who is blocked.
        return ask.limit > 0 ? this.#given(ask, UNCOUNTED, 1) : { lease: undefined, inUse: 0 }
      case 'local':
        return this.#ofThisProcess(ask)
    }
  }

  /** Whether that was all there is to give back. */
  release(lease: Lease): boolean {
    const here = this.#counted.get(lease)
    if (here) {
      this.#counted.delete(lease)
      this.#memory.release(here)
    }
    return lease instanceof Uncounted
  }

  setLimit(counter: CounterName, limit: number): void {
    this.#memory.setLimit(counter, this.#partOf(limit))
  }

  /** The store counts again: what it will never know of stays counted here. */
  end(): void {
    for (const [lease, here] of this.#counted) {
      if (lease instanceof Uncounted) continue
      this.#counted.delete(lease)
      this.#memory.release(here)
    }
  }

  close(): Promise<void> {
    return this.#memory.close()
  }

  #ofThisProcess(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    const limit = this.#partOf(ask.limit)
    const answer = this.#memory.acquire(limit === ask.limit ? ask : { ...ask, limit })
    const known = ({ lease, inUse }: LeaseAnswer): LeaseAnswer => {
      if (!lease) return { lease, inUse, limit }
      const given = this.#given(ask, new Uncounted(), inUse)
      this.#counted.set(given.lease!, lease)
      return { ...given, limit }
    }
    if (!isPending(answer)) return known(answer)
    return { answer: answer.answer.then(known), leave: () => answer.leave() }
  }

  /** Every process has an equal part, and at least one, or an account could do nothing at all; a limit of 0 still blocks. */
  #partOf(limit: number): number {
    if (limit <= 1) return limit
    return Math.max(1, Math.floor(limit / Math.max(1, this.#store.processes ?? 1)))
  }

  #given(ask: LeaseAsk, otherwise: Lease, inUse: number): LeaseAnswer {
    this.admitted++
    return { lease: this.#adopted(ask) ?? otherwise, inUse }
  }

  #adopted(ask: LeaseAsk): Lease | undefined {
    try {
      return this.#store.adopt?.(ask)
    } catch {
      // It is closed: nothing is counted there any more.
      return undefined
    }
  }
}
