import type { Carrier } from '../carrier.js'
import { INSPECT } from '../inspect.js'
import type { Lease } from './store.js'

/** One request in progress. */
export interface HeldConnection {
  /** Unique among all gates and processes. */
  readonly id: string
  readonly class: string
  /** When it was admitted. */
  readonly since: Date
  /**
   * Aborted when the connection is over: the response has ended, the caller has hung up, or the gate has cut it off. For work
   * that is done for this caller only, a stream above all.
   */
  readonly signal: AbortSignal
  /**
   * Keeps the slot until this work has settled, even where the response has ended before: work that goes on for a caller
   * who hung up still counts. Any number of times. Bounded by `connections.maxHoldMs`.
   */
  holdUntil(work: Promise<unknown>): void
}

/** A link of the list of what is open. */
export interface Link<Self> {
  next: Self | undefined
  previous: Self | undefined
  readonly id: string
  /** Whole ms of the steady clock. */
  readonly startedAt: number
  readonly lease: Lease
  /** What carries it, while its response is open. */
  readonly carrier: Carrier | undefined
  /** Who holds it. */
  readonly holder: {
    readonly account: { readonly id: string }
    readonly client: { readonly id: string }
  }
  /** Gives the slot back now, and cuts the response off. */
  end(why: string): void
}

/** What a handler sees of its connection. */
export class View implements HeldConnection {
  readonly #of: HeldConnection

  constructor(connection: HeldConnection) {
    this.#of = connection
  }

  get id(): string {
    return this.#of.id
  }

  get class(): string {
    return this.#of.class
  }

  get since(): Date {
    return this.#of.since
  }

  get signal(): AbortSignal {
    return this.#of.signal
  }

  holdUntil(work: Promise<unknown>): void {
    // One that rejects would end the process where nobody else looks at it.
    const settled = Promise.resolve(work).then(undefined, () => undefined)
    this.#of.holdUntil(settled)
  }

  /** What a log may show: neither the other connections nor the request, whose fields hold the key. */
  toJSON() {
    const { id, class: className, since } = this
    return { id, class: className, since }
  }

  [INSPECT]() {
    return this.toJSON()
  }
}
