import type { CompleteClock } from '../clock.js'
import type { ConnectionStore, StoreState } from './store.js'

/** A store that does not tell when it is back is asked by one request so often. */
const TRIAL_MS = 250

/**
 * Whether the store is asked. It opens at the first failure, so that no request queues behind a store that is dead, and closes once the store
 * answers again.
 */
export class Circuit {
  state: StoreState = 'available'
  #trialAt = 0
  readonly #endTelling: (() => void) | undefined

  constructor(
    store: ConnectionStore,
    private readonly clock: CompleteClock,
    /** How long a trial may take. */
    private readonly timeoutMs: number,
    private readonly onChange: (state: StoreState, before: StoreState, cause: unknown) => void,
  ) {
    this.#endTelling = store.onState?.((state, cause) => this.#become(state, cause))
  }

  /** Whether this request asks the store. */
  passes(): boolean {
    if (this.state === 'available') return true
    if (this.#endTelling || this.clock.elapsed() < this.#trialAt) return false
    // One at a time: the next where this one has not been answered by then.
    this.#trialAt = this.clock.elapsed() + this.timeoutMs + TRIAL_MS
    return true
  }

  answered(): void {
    if (this.state !== 'available' && !this.#endTelling) this.#become('available', undefined)
  }

  failed(cause: unknown): void {
    if (this.#endTelling) return
    this.#trialAt = this.clock.elapsed() + TRIAL_MS
    this.#become('unavailable', cause)
  }

  close(): void {
    this.#endTelling?.()
  }

  #become(state: StoreState, cause: unknown): void {
    const before = this.state
    if (state === before) return
    this.state = state
    this.onChange(state, before, cause)
  }
}
