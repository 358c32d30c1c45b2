import type { Admission } from '../admission.js'
import type { CachePolicy, CompiledPolicy } from '../caching/index.js'
import type { Carrier, Traffic } from '../carrier.js'
import {
  View,
  type Granted,
  type HeldConnection,
  type Lease,
  type Link,
  type OpenConnections,
} from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import type { ResponseHead } from '../head.js'
import { INSPECT } from '../inspect.js'
import type { PassContext } from './uncounted-admission.js'
import type { Refusal } from '../refusal.js'
import type { Account, Client } from '../registry.js'
import type { GateRequest } from '../request.js'
import type { Stamp } from './stamp.js'
import { withoutKeys } from '../without-keys.js'

/** What all admissions of a gate have in common. */
export interface AdmissionContext extends PassContext {
  readonly open: OpenConnections<LiveAdmission>
  /** Absent in `observe` mode: responses are left as they are. */
  readonly stamp: Stamp | undefined
  bodyTooLarge(admission: LiveAdmission): Refusal | undefined
}

/** What few admissions have: made when it is asked for, since it weighs more than all the rest. */
interface Aside {
  abort?: AbortController
  view?: HeldConnection
  /** The handler's own word on how long its answer may be kept. */
  own?: CompiledPolicy
}

const RESPONSE_OPEN = 1
const WORK = 2

/**
 * An admission and the connection that it holds: one object for both, kept small, since there is one for each open connection, and it is the
 * only one that knows whether its slot has been given back.
 */
export class LiveAdmission implements Admission, HeldConnection, Link<LiveAdmission> {
  next: LiveAdmission | undefined = undefined
  previous: LiveAdmission | undefined = undefined
  carrier: Carrier | undefined = undefined
  private aside: Aside | undefined = undefined
  /** Work that keeps the slot once the response is over: before its head is written nobody needs to know whether it goes on. */
  private work: Promise<unknown> | undefined = undefined
  /** What still keeps the slot: the response, and {@link WORK} for each work of `holdUntil`. 0: given back. */
  private holds = RESPONSE_OPEN
  readonly class: string
  readonly method: string
  readonly path: string
  private readonly serial: number

  constructor(
    private readonly context: AdmissionContext,
    className: string,
    request: GateRequest,
    readonly holder: Identity,
    private readonly answer: Granted,
    readonly limit: number,
    readonly startedAt: number,
  ) {
    this.class = className
    this.method = request.method
    this.path = request.path
    this.serial = context.open.nextSerial()
  }

  get admitted(): true {
    return true
  }

  get identified(): boolean {
    return true
  }

  get gate(): object {
    return this.context.gate()
  }

  get account(): Account {
    return this.holder.account
  }

  get client(): Client {
    return this.holder.client
  }

  get identity(): Identity {
    return this.holder
  }

  get remaining(): number {
    return Math.max(0, this.limit - this.answer.inUse)
  }

  get lease(): Lease {
    return this.answer.lease
  }

  get id(): string {
    return `${this.context.open.idPrefix}-${this.serial.toString(36)}`
  }

  get since(): Date {
    return this.context.open.dateOf(this.startedAt)
  }

  get connection(): HeldConnection {
    return (this.besides.view ??= new View(this))
  }

  get shownPath(): string {
    return withoutKeys(this.path)
  }

  get signal(): AbortSignal {
    const abort = (this.besides.abort ??= new AbortController())
    if (!this.responseOpen) abort.abort()
    return abort.signal
  }

  private get besides(): Aside {
    return (this.aside ??= {})
  }

  cache(policy: CachePolicy): void {
    this.besides.own = this.context.caching.compile(policy)
  }

  get own(): CompiledPolicy | undefined {
    return this.aside?.own
  }

  stamp(head: ResponseHead): void {
    // Most work is over by now: heard here, in the turn in which it ended, it does not keep the slot for one more.
    this.holdForWork()
    this.context.stamp?.(head, this)
  }

  bodyTooLarge(): Refusal | undefined {
    return this.context.bodyTooLarge(this)
  }

  traffic(): Traffic | undefined {
    return this.carrier?.traffic?.()
  }

  private get responseOpen(): boolean {
    return (this.holds & RESPONSE_OPEN) !== 0
  }

  carriedBy(carrier: Carrier): void {
    if (this.responseOpen) this.carrier = carrier
    // Ended between its admission and now: what came too late to be cut off then must not go on uncounted.
    else carrier.end('ended')
  }

  /** A rejection of the work is for the caller to handle. */
  holdUntil(work: Promise<unknown>): void {
    if (this.holds === 0) return
    this.work = this.work === undefined ? work : Promise.allSettled([this.work, work])
    if (!this.responseOpen) this.holdForWork()
  }

  private holdForWork(): void {
    const { work } = this
    if (work === undefined) return
    this.work = undefined
    this.holds += WORK
    const settled = () => this.letGo(WORK)
    work.then(settled, settled)
  }

  /** The response, or the upgraded socket, is over. Any number of times. */
  release(): void {
    if (!this.responseOpen) return
    const moment = this.tellEnded()
    this.carrier = undefined
    this.holdForWork()
    this.letGo(RESPONSE_OPEN, moment)
    this.aside?.abort?.abort()
  }

  /** Gives the slot back now, whatever still goes on, and cuts the response off. */
  end(why: string): void {
    if (this.holds === 0) return
    const moment = this.responseOpen ? this.tellEnded() : undefined
    this.holds = 0
    const { carrier } = this
    this.carrier = this.work = undefined
    this.context.open.released(this, why, moment)
    carrier?.end(why)
    this.aside?.abort?.abort()
  }

  /** That the response is over; answers when, where somebody wants to know. */
  private tellEnded(): number | undefined {
    const { open } = this.context
    if (!open.measuring) return undefined
    const moment = open.moment()
    open.responseEnded(this, moment)
    return moment
  }

  private letGo(hold: number, moment?: number): void {
    if (this.holds === 0 || (this.holds -= hold) > 0) return
    this.context.open.released(this, undefined, moment)
  }

  /** What a log may show: what is below leads to the request, whose fields hold the key. */
  toJSON() {
    const { admitted, account, client, connection } = this
    return { admitted, account: account.id, client: client.id, connection }
  }

  [INSPECT]() {
    return this.toJSON()
  }
}
