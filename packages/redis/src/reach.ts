import { setTimeout as passed } from 'node:timers/promises'
import type { StoreState } from '@api-terms/core'

/** How long after one attempt began the next does. */
const ATTEMPT_MS = 250
/** At least so long Redis is left in peace after an attempt that took its whole time. */
const PEACE_MS = 50
/**
 * How long after Redis is back it is not yet asked: every other process finds out within an attempt's pause, and counts again what it
 * holds. Without this the first to find out would give away slots that are held elsewhere.
 */
const SETTLING_MS = 300

/**
 * Whether Redis can be reached. At the first failure it is found out whether that was all; if not there is an outage, and one attempt at a time
 * finds out when it is over.
 */
export class Reach {
  state: StoreState = 'available'
  readonly #stop = new AbortController()

  constructor(
    /** Counts again what is held; all of it after an outage. Rejects where Redis cannot be reached. */
    private readonly recover: (outage: boolean) => Promise<void>,
    private readonly onChange: (state: StoreState, cause?: unknown) => void,
  ) {}

  failed(cause: unknown): void {
    if (this.state !== 'available' || this.#stop.signal.aborted) return
    this.#become('suspected', cause)
    void this.#findOut(cause)
  }

  /** While Redis is away nothing is sent but attempts to reach it, which do the same. */
  whileAvailable(work: () => Promise<unknown>): () => Promise<void> {
    return async () => {
      if (this.state === 'available') await work().catch((cause: unknown) => this.failed(cause))
    }
  }

  close(): void {
    this.#stop.abort()
  }

  async #findOut(cause: unknown): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one attempt at a time
    while (!(await this.#attempt(cause)) && !this.#stop.signal.aborted);
    if (!this.#stop.signal.aborted) this.#become('available')
  }

  /** Whether Redis is back. */
  async #attempt(cause: unknown): Promise<boolean> {
    const began = performance.now()
    try {
      await this.recover(this.state === 'unavailable')
      if (this.state === 'suspected') return true
      await this.#pause(SETTLING_MS)
      await this.recover(true)
      return true
    } catch {
      if (this.state === 'suspected') this.#become('unavailable', cause)
      await this.#pause(Math.max(PEACE_MS, ATTEMPT_MS - (performance.now() - began)))
      return false
    }
  }

  #pause(ms: number): Promise<unknown> {
    const { signal } = this.#stop
    return passed(ms, undefined, { ref: false, signal }).catch(() => undefined)
  }

  #become(state: StoreState, cause?: unknown): void {
    if (this.#stop.signal.aborted) return
    this.state = state
    this.onChange(state, cause)
  }
}
