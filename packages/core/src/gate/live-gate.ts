import { isRecord } from '../checked.js'
import { OptionsError } from '../errors.js'
import { isPending, isPromise, type Pending } from '../pending.js'
import type { Accounts, ChangedAccounts } from './changed-accounts.js'
import type { CompleteClock } from '../clock.js'
import type { ConnectionStore, LimitTable, OpenConnections } from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import { ENDS } from '../ends.js'
import type { GateEventName, GateEventSource, GateListener, WarningEvent } from '../events.js'
import type { Follower, Following } from '../followers.js'
import type { AdmitOptions, ConnectionView, Gate, GateHealth } from '../gate.js'
import type { Identification } from './identification.js'
import type { Inquiries } from './inquiries.js'
import type { Inquiry } from '../inquiry.js'
import type { LiveAdmission } from './live-admission.js'
import { checkFilter } from '../connection-filter.js'
import { checkLimits } from '../options.js'
import type { GateHere, OtherGates } from './others/other-gates.js'
import type { Passage } from './passage.js'
import type { Ground, Refusal } from '../refusal.js'
import type { Limits } from '../registry.js'
import type { Reports } from './reports.js'
import { readRequest, type GateRequest, type RequestParts } from '../request.js'
import type { GateSetup } from '../setup.js'
import type { Outcome } from '../admission.js'
import type { Visit } from './visit.js'
import type { ConnectionFilter } from '../voice.js'
import { ToldLimits } from './told-limits.js'
import { withoutKeys } from '../without-keys.js'

export interface LiveGateParts {
  readonly api: string
  readonly process: string
  readonly clock: CompleteClock
  readonly timeoutMs: number
  readonly maxBodyBytes: number
  readonly events: GateEventSource
  readonly reports: Reports
  readonly passage: Passage
  readonly credentials: Identification
  readonly inquiries: Inquiries
  readonly limits: LimitTable
  readonly store: ConnectionStore
  readonly open: OpenConnections<LiveAdmission>
  readonly setup: GateSetup
  health(): GateHealth
  endSubscriptions(): void
  readonly changed: ChangedAccounts
  /** Absent where the store joins no processes. */
  others(): OtherGates | undefined
}

/** A gate at work: what requests, operators and the registry ask of it. */
export class LiveGate implements Gate, Pick<GateHere, 'endHere' | 'connectionsHere' | 'takeLimits'> {
  readonly api: string
  readonly process: string
  readonly maxBodyBytes: number
  readonly #parts: LiveGateParts
  readonly #toldLimits: ToldLimits
  #closing: Promise<void> | undefined

  constructor(parts: LiveGateParts) {
    this.#parts = parts
    this.#toldLimits = new ToldLimits({ ...parts, waiting: () => parts.passage.waiting() })
    this.api = parts.api
    this.process = parts.process
    this.maxBodyBytes = parts.maxBodyBytes
  }

  decide(request: GateRequest): Outcome | Pending<Outcome> {
    return this.#parts.passage.decide(request)
  }

  async admit(request: GateRequest | RequestParts, { signal }: AdmitOptions = {}): Promise<Outcome> {
    const outcome = this.decide('path' in request ? request : readRequest(checkedParts(request)))
    const decided = isPending(outcome) ? await answerOf(outcome, signal) : outcome
    if (signal?.aborted && decided.admitted) decided.release()
    return decided
  }

  inquire(request: GateRequest): Promise<Inquiry | Refusal> {
    return this.#parts.inquiries.open(request)
  }

  warn(code: WarningEvent['code'], message: string, cause?: unknown): void {
    this.#parts.reports.warn(code, message, cause)
  }

  on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this {
    this.#parts.events.on(name, listener)
    return this
  }

  off<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this {
    this.#parts.events.off(name, listener)
    return this
  }

  get measuring(): boolean {
    return this.#parts.open.measuring
  }

  follow(follower: Follower): Following {
    const { open, reports, clock } = this.#parts
    const { followers } = reports
    followers.add(follower)
    open.measuring = followers.measuring
    return {
      clock,
      open: () => open.matching({}),
      stop() {
        followers.remove(follower)
        open.measuring = followers.measuring
      },
    }
  }

  async connections(filter: ConnectionFilter = {}): Promise<ConnectionView[]> {
    checkFilter(filter)
    const elsewhere = await this.#othersIn(filter)?.connections(filter)
    const here = this.connectionsHere(filter)
    if (!elsewhere || elsewhere.length === 0) return here
    return [...here, ...elsewhere].toSorted((one, other) => one.since.getTime() - other.since.getTime())
  }

  connectionsHere(filter: ConnectionFilter): ConnectionView[] {
    if (!this.#isIn(filter)) return []
    return this.#parts.open.matching(filter).map(({ id, holder, class: className, since, path }) => ({
      id,
      account: holder.account.id,
      ...(holder.account.partner !== undefined && { partner: holder.account.partner }),
      client: holder.client.id,
      class: className,
      since,
      target: withoutKeys(path),
      process: this.process,
    }))
  }

  async setLimits(limits: Limits): Promise<void> {
    checkLimits(limits)
    const everywhere = this.#parts.others()?.setLimits({ ...limits })
    // The others are told at once; what comes of it is looked at when it holds here.
    everywhere?.catch(() => undefined)
    await this.#changeLimits(limits)
    await everywhere
  }

  takeLimits(limits: Limits): void {
    void this.#changeLimits(limits)
  }

  #changeLimits(limits: Limits): Promise<void> {
    this.#parts.limits.set(limits)
    return this.#toldLimits.tell(undefined)
  }

  async end(filter: ConnectionFilter, why: string): Promise<number> {
    checkFilter(filter)
    const here = this.endHere(filter, why, Infinity)
    return here + ((await this.#othersIn(filter)?.end(filter, why)) ?? 0)
  }

  endHere(filter: ConnectionFilter, why: string, openedBy: number): number {
    return this.#isIn(filter) ? this.#parts.open.end(filter, why, openedBy) : 0
  }

  #isIn({ process }: ConnectionFilter): boolean {
    return process === undefined || process === this.process
  }

  /** Those whom a filter may concern. */
  #othersIn({ process }: ConnectionFilter): OtherGates | undefined {
    return process === this.process ? undefined : this.#parts.others()
  }

  health(): GateHealth {
    return this.#parts.health()
  }

  setup(): GateSetup {
    return this.#parts.setup
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /**
   * The registry has changed something about these accounts, or, where it names none, about any; or something about them has come with
   * time. Who waits is refused if that is now due, or goes on under the limit that now holds; what is open is ended if it would not be
   * let in any more.
   */
  reconsider(accounts: Accounts): void {
    const { passage, open } = this.#parts
    const isMeant = ({ account }: Identity) => accounts.has(account.id) || accounts.has(undefined)
    for (const visit of passage.waiting()) {
      const { identity } = visit
      if (identity && isMeant(identity))
        this.#recheck(identity, (found) => this.#changed(visit, found), visit.request)
    }
    for (const connection of open.matching({})) {
      if (isMeant(connection.holder))
        this.#recheck(connection.holder, (found) => 'reason' in found && connection.end(found.reason))
    }
  }

  #recheck(identity: Identity, act: (found: Identity | Ground) => void, request?: GateRequest): void {
    const found = this.#parts.credentials.recheck(identity, request)
    // A registry that cannot be asked says nothing against anybody: who is in stays, until it can be.
    const known = (answer: Identity | Ground) => {
      if (!('reason' in answer) || answer.reason !== 'registry-unavailable') act(answer)
      else if (!this.#closing) this.#parts.changed.again(identity.account.id)
    }
    if (isPromise(found)) void found.then(known)
    else known(found)
  }

  #changed(visit: Visit, found: Identity | Ground): void {
    if ('reason' in found) return visit.turnAway(found)
    visit.identity = found
    void this.#toldLimits.tell(found.account.id)
  }

  async #close(): Promise<void> {
    const { passage, open, credentials, store } = this.#parts
    this.#parts.endSubscriptions()
    passage.close()
    this.#parts.inquiries.close()
    open.end({}, ENDS.closed)
    open.close()
    credentials.close()
    try {
      await this.#parts.others()?.close()
      await store.close()
    } finally {
      this.#parts.reports.close()
    }
  }
}

/** Whoever has no adapter puts it together by hand. */
function checkedParts(parts: RequestParts): RequestParts {
  const { method, target, headers } = parts
  const issues = [
    ...(['method', 'target'] as const)
      .filter((path) => typeof { method, target }[path] !== 'string')
      .map((path) => ({ path, message: 'must be text' })),
    ...(isRecord(headers) ? [] : [{ path: 'headers', message: 'must be an object, e.g. req.headers' }]),
  ]
  if (issues.length > 0) throw new OptionsError(issues)
  return parts
}

/** What is waited for, left as the signal is aborted. */
async function answerOf(pending: Pending<Outcome>, signal: AbortSignal | undefined): Promise<Outcome> {
  const leave = () => pending.leave()
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const outcome = await pending.answer
  signal?.removeEventListener('abort', leave)
  return outcome
}
