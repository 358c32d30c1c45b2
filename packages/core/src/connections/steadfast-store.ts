import { bounded } from '../bounded.js'
import type { CompleteClock } from '../clock.js'
import { isPending, isPromise, type Pending } from '../pending.js'
import type { StoreWarning } from '../store-warning.js'
import { Asked, type AskedKeeper } from './asked.js'
import { Circuit } from './circuit.js'
import type { WhenStoreFails } from './options.js'
import { StandIn, type Held } from './stand-in.js'
import type { ConnectionStore, CounterName, Lease, LeaseAnswer, LeaseAsk, StoreState } from './store.js'

/** An outage as it begins, and as it ends. */
export type OutageChange =
  | { readonly state: 'began'; readonly cause: unknown }
  | { readonly state: 'ended'; readonly durationMs: number; readonly admitted: number }

export interface SteadfastStoreOptions {
  readonly store: ConnectionStore
  readonly whenStoreFails: WhenStoreFails
  readonly timeoutMs: number
  readonly clock: CompleteClock
  /** What is open now. */
  held(): Iterable<Held>
  onFailed(cause: unknown): void
  onOutage(change: OutageChange): void
}

/**
 * A store that answers within its time whatever befalls the one behind it, as the provider chose. It throws and rejects with a
 * StoreError only under `refuse`. While the one behind it is away it is asked for nothing.
 */
export class SteadfastStore implements ConnectionStore, AskedKeeper {
  readonly clock: CompleteClock
  readonly timeoutMs: number
  readonly #options: SteadfastStoreOptions
  readonly #circuit: Circuit
  readonly #standIn: StandIn
  readonly #asked = new Set<Asked>()
  #outage = false
  /** Since when it is available, or away, in ms of the steady clock. */
  #since: number
  #suspectedAt = 0

  constructor(options: SteadfastStoreOptions) {
    const { store, whenStoreFails, timeoutMs, clock } = options
    this.#options = options
    this.clock = clock
    this.timeoutMs = timeoutMs
    this.#since = clock.elapsed()
    this.#standIn = new StandIn(store, whenStoreFails, clock)
    this.#circuit = new Circuit(store, clock, timeoutMs, (state, before, cause) =>
      this.#changed(state, before, cause),
    )
  }

  get health(): { store: 'available' | 'unavailable'; since: Date; processes: number } {
    const { clock } = this
    return {
      store: this.#outage ? 'unavailable' : 'available',
      since: new Date(clock.now() - (clock.elapsed() - this.#since)),
      processes: this.#options.store.processes ?? 1,
    }
  }

  acquire(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    if (!this.#circuit.passes()) return this.#waitWithout(ask, undefined)
    try {
      const given = this.askStore(ask)
      return isPending(given) ? this.#wait(ask, given, true) : given
    } catch (cause) {
      this.failed(cause)
      return this.#waitWithout(ask, cause)
    }
  }

  release(lease: Lease): void {
    if (this.#standIn.release(lease)) return
    try {
      this.#options.store.release(lease)
    } catch (cause) {
      this.failed(cause)
    }
  }

  setLimit(counter: CounterName, limit: number): void {
    this.#standIn.setLimit(counter, limit)
    // Else whoever asks next brings the limit too.
    if (this.#circuit.state !== 'available') return
    try {
      this.#options.store.setLimit(counter, limit)
    } catch (cause) {
      this.failed(cause)
    }
  }

  onLost(listener: (lease: Lease) => void): () => void {
    return this.#options.store.onLost?.(listener) ?? (() => {})
  }

  onWarning(listener: (warning: StoreWarning) => void): () => void {
    return this.#options.store.onWarning?.(listener) ?? (() => {})
  }

  async close(): Promise<void> {
    this.#circuit.close()
    await this.#standIn.close()
    const { store, onFailed } = this.#options
    try {
      await bounded(
        Promise.resolve(store.close()),
        this.timeoutMs,
        'closing the connection store',
        this.clock,
      )
    } catch (cause) {
      onFailed(cause)
    }
  }

  failed(cause: unknown): void {
    this.#options.onFailed(cause)
    this.#circuit.failed(cause)
  }

  answered(ask: LeaseAsk, answer: LeaseAnswer | undefined): void {
    this.#circuit.answered()
    // Granted just before the store went away.
    if (answer?.lease && this.#circuit.state !== 'available') this.#standIn.count(ask, answer.lease)
  }

  askStore(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    const answer: LeaseAnswer | Pending<LeaseAnswer> | Promise<LeaseAnswer> = this.#options.store.acquire(ask)
    // The type says otherwise, but taken for an answer a promise would read as "the limit is reached".
    if (isPromise<LeaseAnswer | Pending<LeaseAnswer>>(answer))
      return { answer: answer as Promise<LeaseAnswer>, leave() {} }
    if (!isPending(answer)) this.answered(ask, answer)
    return answer
  }

  without(ask: LeaseAsk, cause: unknown): LeaseAnswer | Pending<LeaseAnswer> {
    return this.#standIn.answer(ask, cause)
  }

  giveBack(answer: LeaseAnswer | undefined): void {
    if (answer?.lease) this.release(answer.lease)
  }

  done(asked: Asked): void {
    this.#asked.delete(asked)
  }

  #waitWithout(ask: LeaseAsk, cause: unknown): LeaseAnswer | Pending<LeaseAnswer> {
    const given = this.without(ask, cause)
    return isPending(given) ? this.#wait(ask, given, false) : given
  }

  #wait(ask: LeaseAsk, place: Pending<LeaseAnswer>, atStore: boolean): Asked {
    const asked = new Asked(this, ask, place, atStore)
    this.#asked.add(asked)
    return asked
  }

  #changed(state: StoreState, before: StoreState, cause: unknown): void {
    if (before === 'available') {
      this.#suspectedAt = this.clock.elapsed()
      this.#standIn.begin(this.#options.held())
    }
    if (state === 'unavailable') this.#began(cause)
    else if (state === 'available') this.#ended()
  }

  #began(cause: unknown): void {
    this.#outage = true
    this.#since = this.#suspectedAt
    for (const asked of this.#asked) asked.storeGone(cause)
    this.#options.onOutage({ state: 'began', cause })
  }

  #ended(): void {
    this.#standIn.end()
    for (const asked of this.#asked) asked.storeBack()
    if (!this.#outage) return
    this.#outage = false
    const durationMs = this.clock.elapsed() - this.#since
    this.#since = this.clock.elapsed()
    this.#options.onOutage({ state: 'ended', durationMs, admitted: this.#standIn.admitted })
  }
}
