import type { Carrier, Traffic } from '../carrier.js'
import { INSPECT } from '../inspect.js'
import { withoutKeys } from '../without-keys.js'
import type { Lease } from './store.js'

/** Who holds a connection, as far as lists and events tell it. */
export interface Holder {
  readonly account: { readonly id: string }
  readonly client: { readonly id: string }
}

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

/** Keeps the list of what is open. */
export interface Ledger<Who extends Holder> {
  readonly idPrefix: string
  /** Whether somebody wants to know when a response is over, and what it has taken. */
  readonly measuring: boolean
  /** The time of day of a moment on the steady clock. */
  dateOf(moment: number): Date
  /** The response is over; what carried it is still there. */
  responseEnded(connection: Connection<Who>): void
  /** The slot is to be given back. `why` is absent where the connection simply ended. */
  released(connection: Connection<Who>, why: string | undefined): void
}

/**
 * A link of the list of what is open. It is kept small, since there is one for each open connection, and it is the only one
 * that knows whether its slot has been given back.
 */
export class Connection<Who extends Holder = Holder> implements HeldConnection {
  next: Connection<Who> | undefined = undefined
  previous: Connection<Who> | undefined = undefined
  carrier: Carrier | undefined = undefined
  private abort: AbortController | undefined = undefined
  /** What still keeps the slot: the response, and each work of `holdUntil`. 0: given back. */
  holds = 1
  responseOpen = true
  readonly class: string

  constructor(
    private readonly ledger: Ledger<Who>,
    private readonly serial: number,
    readonly startedAt: number,
    className: string,
    readonly path: string,
    readonly holder: Who,
    readonly lease: Lease,
  ) {
    this.class = className
  }

  get id(): string {
    return `${this.ledger.idPrefix}-${this.serial.toString(36)}`
  }

  get since(): Date {
    return this.ledger.dateOf(this.startedAt)
  }

  get shownPath(): string {
    return withoutKeys(this.path)
  }

  traffic(): Traffic | undefined {
    return this.carrier?.traffic?.()
  }

  /** Made when it is asked for: few handlers do, and it weighs more than all the rest. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController()
    if (!this.responseOpen) this.abort.abort()
    return this.abort.signal
  }

  carriedBy(carrier: Carrier): void {
    if (this.responseOpen) this.carrier = carrier
    // Ended between its admission and now: what came too late to be cut off then must not go on uncounted.
    else carrier.end('ended')
  }

  holdUntil(work: Promise<unknown>): void {
    if (this.holds === 0) return
    this.holds++
    const settled = () => this.letGo()
    Promise.resolve(work).then(settled, settled)
  }

  /** The response, or the upgraded socket, is over. Any number of times. */
  responseEnded(): void {
    if (!this.responseOpen) return
    this.responseOpen = false
    if (this.ledger.measuring) this.ledger.responseEnded(this)
    this.carrier = undefined
    this.abort?.abort()
    this.letGo()
  }

  /** Gives the slot back now, whatever still goes on, and cuts the response off. */
  end(why: string): void {
    if (this.holds === 0) return
    this.holds = 0
    if (this.ledger.measuring && this.responseOpen) this.ledger.responseEnded(this)
    this.responseOpen = false
    const { carrier } = this
    this.carrier = undefined
    this.ledger.released(this, why)
    carrier?.end(why)
    this.abort?.abort()
  }

  /** What a log may show: neither the other connections nor the request, whose fields hold the key. */
  toJSON() {
    return { id: this.id, class: this.class, since: this.since }
  }

  [INSPECT]() {
    return this.toJSON()
  }

  private letGo(): void {
    if (this.holds === 0 || --this.holds > 0) return
    this.ledger.released(this, undefined)
  }
}
