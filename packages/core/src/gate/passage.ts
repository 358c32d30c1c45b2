import { bounded } from '../bounded.js'
import type { Accounts } from './changed-accounts.js'
import type { CompleteClock } from '../clock.js'
import type {
  ConnectionStore,
  ExhaustedGrounds,
  Granted,
  LeaseAnswer,
  LimitTable,
} from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import { LIMITS_UNAVAILABLE, NO_LIMIT_FOR_CLASS, SHUTTING_DOWN } from './grounds.js'
import type { Identification } from './identification.js'
import { LiveAdmission, type AdmissionContext } from './live-admission.js'
import type { MisuseCheck } from '../misuse/index.js'
import { passWithout } from './uncounted-admission.js'
import { isPending, isPromise, type Pending } from '../pending.js'
import type { Ground, Refusal, Refuser } from '../refusal.js'
import type { Reports } from './reports.js'
import type { GateRequest } from '../request.js'
import type { RequestCheck } from '../requests/index.js'
import type { Outcome } from '../admission.js'
import { Visit } from './visit.js'

type Soon<T> = T | Promise<T>

export interface PassageContext {
  readonly api: string
  readonly enforce: boolean
  readonly clock: CompleteClock
  readonly refuser: Refuser
  readonly reports: Reports
  readonly requests: RequestCheck
  readonly credentials: Identification
  /** Absent where no sign of misuse is looked for. */
  readonly misuse: MisuseCheck<Identity> | undefined
  readonly limits: LimitTable
  readonly exhausted: ExhaustedGrounds
  readonly store: ConnectionStore
  /** Whether the store is told which client asks, as one that lists what is open may tell it on. */
  readonly listing: boolean
  readonly admissions: AdmissionContext
  readonly classify: (request: GateRequest) => string
  readonly skip: ((request: GateRequest) => boolean) | undefined
  readonly waitMs: number
  readonly maxWaiting: number
  readonly timeoutMs: number
}

/**
 * The way of a request, room by room: cheapest first, connections last, so that who is refused never holds a slot. Where no room has
 * to wait for something it is decided on the spot.
 */
export class Passage {
  readonly #is: PassageContext
  readonly #waiting = new Set<Visit>()
  /** Those who wait for anything. */
  readonly #undecided = new Set<Visit>()
  /** How many changes there were of any account. */
  #changes = 0
  #closed = false

  constructor(context: PassageContext) {
    this.#is = context
  }

  decide(request: GateRequest): Outcome | Pending<Outcome> {
    const visit = new Visit(request)
    const outcome = this.#enter(visit)
    if (!isPromise(outcome)) return outcome
    const decided = () => this.#undecided.delete(visit)
    this.#undecided.add(visit)
    outcome.then(decided, decided)
    visit.answer = outcome
    return visit
  }

  /**
   * Something has changed about these accounts: what was found out before, of requests of theirs that are not decided yet, is found out
   * again. Who waits for something that belongs to another account goes on waiting: else many changes would keep everybody from coming in.
   */
  changed(accounts: Accounts): void {
    const before = this.#changes++
    for (const visit of this.#undecided)
      if (visit.asOf === before && !isAmong(accounts, visit.identity)) visit.asOf = this.#changes
  }

  /** Those who wait for a connection. */
  waiting(): Iterable<Visit> {
    return this.#waiting
  }

  /** The content of an admitted request has turned out too long, as it came in. */
  bodyTooLarge({ identity, method, path }: LiveAdmission): Refusal | undefined {
    const { refuser, reports, requests, enforce } = this.#is
    const refusal = refuser.refuse(requests.bodyTooLarge)
    reports.refused({ request: { method, path }, identity }, refusal, enforce)
    return enforce ? refusal : undefined
  }

  /** From now on nobody comes in; who waits is refused. */
  close(): void {
    this.#closed = true
    for (const visit of this.#waiting) visit.turnAway(SHUTTING_DOWN)
  }

  #enter(visit: Visit): Soon<Outcome> {
    if (this.#closed) return this.#refuse(visit, SHUTTING_DOWN)
    if (this.#is.skip && this.#skips(visit.request)) return passWithout(this.#is.admissions)
    const ground = this.#is.requests.check(visit.request)
    if (ground === undefined) return this.#identify(visit)
    if (!isPromise(ground)) return this.#refuse(visit, ground)
    return ground.then((found) => {
      if (visit.left) return this.#abandon(visit)
      return found ? this.#refuse(visit, found) : this.#identify(visit)
    })
  }

  #skips(request: GateRequest): boolean {
    try {
      // A promise is truthy: an async function must not open the gate.
      const answer: unknown = atOnce(this.#is.skip!(request), 'skip')
      return answer === true
    } catch (cause) {
      this.#is.reports.warn('option-failed', 'skip failed: the request was checked', cause)
      return false
    }
  }

  /** Who asks; again, where the registry has changed while something was waited for: it may be another by now, or granted less. */
  #identify(visit: Visit, before?: Identity): Soon<Outcome> {
    visit.asOf = this.#changes
    const { credentials } = this.#is
    const who = before ? credentials.recheck(before, visit.request) : credentials.identify(visit.request)
    return isPromise(who) ? who.then((found) => this.#identified(visit, found)) : this.#identified(visit, who)
  }

  #identified(visit: Visit, who: Identity | Ground): Soon<Outcome> {
    if (visit.left) return this.#abandon(visit)
    if ('reason' in who) return this.#refuse(visit, who)
    visit.identity = who
    const { credentials, misuse, admissions } = this.#is
    const moment = misuse && admissions.open.moment()
    const ground = credentials.against(who, visit.request) ?? misuse?.check(who, visit.request, moment!)
    if (ground) return this.#refuse(visit, ground)
    const blocked = this.#is.requests.checkFor?.(visit.request, who.accountId)
    if (!isPromise(blocked)) return blocked ? this.#refuse(visit, blocked) : this.#class(visit, who, moment)
    return blocked.then((found) => {
      if (visit.left) return this.#abandon(visit)
      return found ? this.#refuse(visit, found) : this.#class(visit, who)
    })
  }

  #class(visit: Visit, who: Identity, moment?: number): Soon<Outcome> {
    let limit: Soon<number | undefined>
    try {
      visit.class = atOnce(this.#is.classify(visit.request), 'connections.classify')
      limit = this.#is.limits.limitOf(who, visit.class)
    } catch (cause) {
      return this.#limitFailed(visit, cause)
    }
    if (!isPromise(limit)) return this.#connect(visit, who, limit, moment)
    return bounded(limit, this.#is.timeoutMs, 'limits()', this.#is.clock).then(
      (known) => this.#connect(visit, who, known),
      (cause: unknown) => this.#limitFailed(visit, cause),
    )
  }

  #limitFailed(visit: Visit, cause: unknown): Soon<Outcome> {
    this.#is.reports.warn('limits-failed', 'the class or its limit could not be told', cause)
    return visit.left ? this.#abandon(visit) : this.#refuse(visit, LIMITS_UNAVAILABLE)
  }

  /** @param moment now, where somebody has looked at the clock already */
  #connect(visit: Visit, who: Identity, limit: number | undefined, moment?: number): Soon<Outcome> {
    if (visit.left) return this.#abandon(visit)
    if (visit.asOf !== this.#changes) return this.#identify(visit, who)
    // It may have closed while limits were looked up.
    if (this.#closed) return this.#refuse(visit, SHUTTING_DOWN)
    // A class such as `constructor` would find what every object has.
    if (typeof limit !== 'number') {
      this.#is.reports.warn('class-without-limit', `limits names no class ${visit.class}`)
      return this.#refuse(visit, NO_LIMIT_FOR_CLASS)
    }
    visit.limit = limit
    const { api, waitMs, maxWaiting, store } = this.#is
    const ask = {
      api,
      account: who.accountId,
      class: visit.class!,
      limit,
      waitMs,
      maxWaiting,
      client: this.#is.listing ? who.clientId : '',
      target: visit.request.path,
    }
    let answer: LeaseAnswer | Pending<LeaseAnswer>
    try {
      answer = store.acquire(ask)
    } catch {
      return this.#refuse(visit, LIMITS_UNAVAILABLE)
    }
    return isPending(answer) ? this.#wait(visit, answer) : this.#connected(visit, who, answer, moment)
  }

  async #wait(visit: Visit, place: Pending<LeaseAnswer>): Promise<Outcome> {
    visit.place = place
    this.#waiting.add(visit)
    try {
      return await this.#served(visit, await place.answer)
    } catch {
      return visit.left ? this.#abandon(visit) : await this.#refuse(visit, LIMITS_UNAVAILABLE)
    } finally {
      this.#waiting.delete(visit)
    }
  }

  async #served(visit: Visit, answer: LeaseAnswer): Promise<Outcome> {
    let who: Identity | Ground
    do {
      visit.asOf = this.#changes
      // oxlint-disable-next-line no-await-in-loop -- again only where the registry has changed meanwhile
      who = await this.#stillGood(visit)
    } while (visit.asOf !== this.#changes)
    const ground = visit.turnedAway ?? ('reason' in who ? who : undefined)
    // The limit may have been lowered since the slot was granted, to 0 even: then it is asked for once more.
    const tooMany = answer.lease !== undefined && answer.inUse > visit.limit!
    if (!visit.left && !ground && !tooMany) return this.#connected(visit, who as Identity, answer)
    if (answer.lease) this.#is.store.release(answer.lease)
    if (tooMany && !visit.left && !ground) return this.#connect(visit, who as Identity, visit.limit)
    return ground && !visit.left ? this.#refuse(visit, ground) : this.#abandon(visit)
  }

  /** A key may be revoked, or an account suspended, while its request waits. */
  #stillGood(visit: Visit): Soon<Identity | Ground> {
    return visit.left || visit.turnedAway
      ? visit.identity!
      : this.#is.credentials.recheck(visit.identity!, visit.request)
  }

  #connected(visit: Visit, who: Identity, answer: LeaseAnswer, moment?: number): Soon<Outcome> {
    visit.inUse = answer.inUse
    if (answer.limit !== undefined) visit.limit = answer.limit
    if (!answer.lease) {
      this.#is.misuse?.refusedAtLimit(who)
      return this.#refuse(visit, this.#is.exhausted(visit.class!, visit.limit!, answer.inUse))
    }
    const { admissions, reports } = this.#is
    const admission = new LiveAdmission(
      admissions,
      visit.class!,
      visit.request,
      who,
      answer as Granted,
      visit.limit!,
      moment ?? admissions.open.moment(),
    )
    admissions.open.add(admission)
    reports.admitted(visit, admission)
    return admission
  }

  #refuse(visit: Visit, ground: Ground): Soon<Outcome> {
    const { refuser, reports, enforce } = this.#is
    const refusal = refuser.refuse(ground)
    reports.refused(visit, refusal, enforce)
    return enforce ? refusal : this.#observed(visit)
  }

  /** In `observe` mode who would have been refused goes on, with its account where it has one, and holds nothing. */
  #observed({ identity, request }: Visit): Soon<Outcome> {
    if (identity) return passWithout(this.#is.admissions, identity)
    const who = this.#is.credentials.identify(request)
    const pass = (found: Identity | Ground) =>
      passWithout(this.#is.admissions, 'reason' in found ? undefined : found)
    return isPromise(who) ? who.then(pass) : pass(who)
  }

  /** Who hung up gets no answer; for whoever still looks at it, it is a refusal. */
  #abandon(visit: Visit): Outcome {
    this.#is.reports.abandoned(visit)
    return this.#is.refuser.refuse(LIMITS_UNAVAILABLE)
  }
}

/** Of whom nothing is known yet it may be any. */
function isAmong(accounts: Accounts, who: Identity | undefined): boolean {
  return who === undefined || accounts.has(undefined) || accounts.has(who.accountId)
}

/** What a function among the options said, which has to be said at once. What it would have rejected with later ends no process. */
function atOnce<T>(said: T, option: string): T {
  if (!isPromise(said)) return said
  said.then(undefined, () => undefined)
  throw new TypeError(`${option} must not return a promise`)
}
