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
  /** The number of the next connection. */
  nextSerial(): number
  /** The steady clock, in whole ms. */
  moment(): number
  /** Whether somebody wants to know when a response is over, and what it has taken. */
  readonly measuring: boolean
  /** The time of day of a moment on the steady clock. */
  dateOf(moment: number): Date
  /** The response is over; what carried it is still there. */
  responseEnded(connection: Connection<Who>): void
  /** The slot is to be given back. `why` is absent where the connection simply ended. */
  released(connection: Connection<Who>, why: string | undefined): void
}

/** What few connections have: made when it is asked for, since it weighs more than all the rest. */
interface Aside {
  abort?: AbortController
  view?: HeldConnection
}

const RESPONSE_OPEN = 1
const WORK = 2

/**
 * A link of the list of what is open. It is kept small, since there is one for each open connection, and it is the only one
 * that knows whether its slot has been given back.
 */
export class Connection<Who extends Holder = Holder> {
  next: Connection<Who> | undefined = undefined
  previous: Connection<Who> | undefined = undefined
  carrier: Carrier | undefined = undefined
  private aside: Aside | undefined = undefined
  /** What still keeps the slot: the response, and {@link WORK} for each work of `holdUntil`. 0: given back. */
  private holds = RESPONSE_OPEN
  readonly class: string
  readonly startedAt: number
  private readonly serial: number

  constructor(
    private readonly ledger: Ledger<Who>,
    className: string,
    readonly path: string,
    readonly holder: Who,
    readonly lease: Lease,
  ) {
    this.class = className
    this.startedAt = ledger.moment()
    this.serial = ledger.nextSerial()
  }

  get id(): string {
    return `${this.ledger.idPrefix}-${this.serial.toString(36)}`
  }

  get since(): Date {
    return this.ledger.dateOf(this.startedAt)
  }

  /** What its handler sees of it. */
  get connection(): HeldConnection {
    this.aside ??= {}
    return (this.aside.view ??= new View(this))
  }

  get shownPath(): string {
    return withoutKeys(this.path)
  }

  traffic(): Traffic | undefined {
    return this.carrier?.traffic?.()
  }

  get signal(): AbortSignal {
    this.aside ??= {}
    this.aside.abort ??= new AbortController()
    if (!this.responseOpen) this.aside.abort.abort()
    return this.aside.abort.signal
  }

  private get responseOpen(): boolean {
    return (this.holds & RESPONSE_OPEN) !== 0
  }

  carriedBy(carrier: Carrier): void {
    if (this.responseOpen) this.carrier = carrier
    // Ended between its admission and now: what came too late to be cut off then must not go on uncounted.
    else carrier.end('ended')
  }

  holdUntil(work: Promise<unknown>): void {
    if (this.holds === 0) return
    this.holds += WORK
    const settled = () => this.letGo(WORK)
    Promise.resolve(work).then(settled, settled)
  }

  /** The response, or the upgraded socket, is over. Any number of times. */
  release(): void {
    if (!this.responseOpen) return
    if (this.ledger.measuring) this.ledger.responseEnded(this)
    this.carrier = undefined
    this.letGo(RESPONSE_OPEN)
    this.aside?.abort?.abort()
  }

  /** Gives the slot back now, whatever still goes on, and cuts the response off. */
  end(why: string): void {
    if (this.holds === 0) return
    if (this.ledger.measuring && this.responseOpen) this.ledger.responseEnded(this)
    this.holds = 0
    const { carrier } = this
    this.carrier = undefined
    this.ledger.released(this, why)
    carrier?.end(why)
    this.aside?.abort?.abort()
  }

  private letGo(hold: number): void {
    if (this.holds === 0 || (this.holds -= hold) > 0) return
    this.ledger.released(this, undefined)
  }
}

class View implements HeldConnection {
  readonly #of: Connection

  constructor(connection: Connection) {
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
    this.#of.holdUntil(work)
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
