import { Mutex } from 'async-mutex'
import { isPending, isPromise, type Pending } from './pending.js'
import type { ConnectionFilter, ConnectionStore, LimitTable, OpenConnections } from './connections/index.js'
import type { CredentialCheck, Identity } from './credentials/index.js'
import type { GateEventName, GateEventSource, GateListener, WarningEvent } from './events.js'
import type { AdmitOptions, ConnectionView, Gate, GateHealth } from './gate.js'
import { checkLimits } from './options.js'
import type { Passage } from './passage.js'
import type { Ground } from './refusal.js'
import type { Limits } from './registry.js'
import type { Reports } from './reports.js'
import { readRequest, type GateRequest, type RequestParts } from './request.js'
import type { Outcome, Visit } from './visit.js'
import { withoutKeys } from './without-keys.js'

export interface LiveGateParts {
  readonly api: string
  readonly maxBodyBytes: number
  readonly events: GateEventSource
  readonly reports: Reports
  readonly passage: Passage
  readonly credentials: CredentialCheck
  readonly limits: LimitTable
  readonly store: ConnectionStore
  readonly open: OpenConnections<Identity>
  health(): GateHealth
  endSubscriptions(): void
}

/** A gate at work: what requests, operators and the registry ask of it. */
export class LiveGate implements Gate {
  readonly api: string
  readonly maxBodyBytes: number
  readonly #parts: LiveGateParts
  /** One at a time, since an older limit that takes longer to find out must not be told after a newer one. */
  readonly #limitChanges = new Mutex()
  #closing: Promise<void> | undefined

  constructor(parts: LiveGateParts) {
    this.#parts = parts
    this.api = parts.api
    this.maxBodyBytes = parts.maxBodyBytes
  }

  decide(request: GateRequest): Outcome | Pending<Outcome> {
    return this.#parts.passage.decide(request)
  }

  async admit(request: GateRequest | RequestParts, { signal }: AdmitOptions = {}): Promise<Outcome> {
    const outcome = this.decide('path' in request ? request : readRequest(request))
    const decided = isPending(outcome) ? await answerOf(outcome, signal) : outcome
    if (signal?.aborted && decided.admitted) decided.release()
    return decided
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

  connections(filter: ConnectionFilter = {}): Promise<ConnectionView[]> {
    const views = this.#parts.open.matching(filter).map(({ id, holder, class: className, since, path }) => ({
      id,
      account: holder.account.id,
      client: holder.client.id,
      class: className,
      since,
      target: withoutKeys(path),
    }))
    return Promise.resolve(views)
  }

  async setLimits(limits: Limits): Promise<void> {
    checkLimits(limits)
    await this.#limitChanges.runExclusive(async () => {
      this.#parts.limits.set(limits)
      await this.#tellLimits([...this.#parts.passage.waiting()])
    })
  }

  end(filter: ConnectionFilter, why: string): Promise<number> {
    return Promise.resolve(this.#parts.open.end(filter, why))
  }

  health(): GateHealth {
    return this.#parts.health()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /**
   * The registry has changed something about an account, or, where it names none, about any. Who waits is refused if that is
   * now due, or goes on under the limit that now holds; what is open is ended if it would not be let in any more.
   */
  reconsider(account: string | undefined): void {
    const { passage, open } = this.#parts
    for (const visit of passage.waiting()) {
      const { identity } = visit
      if (identity && (account ?? identity.account.id) === identity.account.id)
        this.#recheck(identity, (found) => this.#changed(visit, found))
    }
    for (const connection of open.matching(account === undefined ? {} : { account })) {
      this.#recheck(connection.holder, (found) => 'reason' in found && connection.end(found.reason))
    }
  }

  #recheck(identity: Identity, act: (found: Identity | Ground) => void): void {
    const found = this.#parts.credentials.recheck(identity)
    // A registry that cannot be asked says nothing against anybody: who is in stays, and who waits is looked at once more.
    const known = (answer: Identity | Ground) => {
      if (!('reason' in answer) || answer.reason !== 'registry-unavailable') act(answer)
    }
    if (isPromise(found)) void found.then(known)
    else known(found)
  }

  #changed(visit: Visit, found: Identity | Ground): void {
    if ('reason' in found) return visit.turnAway(found)
    visit.identity = found
    const others = [...this.#parts.passage.waiting()].filter(
      ({ identity }) => identity?.account.id === found.account.id,
    )
    void this.#limitChanges.runExclusive(() => this.#tellLimits(others))
  }

  /**
   * Tells the store the limits that now hold for those who wait. By then each of them knows its own: the first word lets in
   * all for whom there is room, and what they tell of their limit is to be true.
   */
  async #tellLimits(visits: readonly Visit[]): Promise<void> {
    const { api, store } = this.#parts
    const changed = await Promise.all(visits.map((visit) => this.#learnLimit(visit)))
    for (const { identity, class: className, limit } of visits.filter((_, at) => changed[at])) {
      store.setLimit({ api, account: identity!.account.id, class: className! }, limit!)
    }
  }

  /** Whether a limit is known that holds now. Where it is not, the old one goes on. */
  async #learnLimit(visit: Visit): Promise<boolean> {
    const { identity, class: className } = visit
    if (!identity || className === undefined) return false
    try {
      const limit = await this.#parts.limits.limitOf(identity.account, className)
      if (limit !== undefined) visit.limit = limit
      return limit !== undefined
    } catch {
      // The next request of the account meets the same failure and reports it.
      return false
    }
  }

  async #close(): Promise<void> {
    const { passage, open, credentials, store } = this.#parts
    this.#parts.endSubscriptions()
    passage.close()
    open.end({}, 'closed')
    open.close()
    credentials.close()
    await store.close()
  }
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
