import type { CompleteClock } from '../clock.js'
import type { OutageChange } from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import type { GateEventSource, RefusedEvent, RequestEvent, WarningEvent } from '../events.js'
import { Followers, type FollowedRefusal } from '../followers.js'
import type { LiveAdmission } from './live-admission.js'
import type { MisuseFound } from '../misuse/index.js'
import type { Reason, Refusal } from '../refusal.js'
import type { Account } from '../registry.js'
import type { Notice, Party } from '../notices.js'
import type { Visit } from './visit.js'
import { Warnings } from './warnings.js'
import { withoutKeys } from '../without-keys.js'

/** What a report tells of a request: less than a visit where not all is known any more. */
type Reported = Pick<Visit, 'identity'> &
  Partial<Pick<Visit, 'class' | 'limit' | 'inUse'>> & {
    readonly request: { readonly method: string; readonly path: string }
  }

/** Tells the provider what the gate does. Nothing is put together where nobody listens. */
export class Reports {
  readonly #warnings: Warnings

  constructor(
    private readonly api: string,
    private readonly events: GateEventSource,
    private readonly clock: CompleteClock,
    /** The clause that a reason rests on; what is no reason rests on none. */
    private readonly clauseOf: (reason: string) => string | undefined,
  ) {
    this.#warnings = new Warnings(clock, (told) => events.tell('warning', { at: this.#now(), api, ...told }))
  }

  readonly followers = new Followers((cause) =>
    this.warn('listener-failed', 'what follows the gate threw', cause),
  )

  admitted(visit: Visit, connection: LiveAdmission): void {
    if (this.followers.some) this.followers.admitted(connection, visit.inUse ?? 0)
    if (!this.events.heard.admitted) return
    this.events.tell('admitted', {
      ...this.#request(visit),
      ...whose(connection.holder),
      class: connection.class,
      connection: connection.id,
      inUse: visit.inUse ?? 0,
      limit: visit.limit ?? 0,
    })
  }

  refused(visit: Reported, refusal: Refusal, enforced: boolean): void {
    const heard = this.events.heard.refused
    if (!heard && !this.followers.some) return
    const told = new ToldRefusal(visit, refusal, enforced, (about) => this.#request(about))
    this.followers.refused(told)
    if (heard) this.events.tell('refused', told.event())
  }

  misuse(who: Identity, found: MisuseFound, enforced: boolean): void {
    if (!this.events.heard.misuse) return
    const clause = this.clauseOf(found.reason)
    this.events.tell('misuse', { at: this.#now(), api: this.api, ...found, clause, enforced, ...whose(who) })
  }

  abandoned(visit: Visit): void {
    if (this.events.heard.abandoned)
      this.events.tell('abandoned', { ...this.#request(visit), ...known(visit) })
  }

  /** @param at the moment, where somebody has looked at the clock already */
  released(connection: LiveAdmission, why: string | undefined, at: number | undefined): void {
    const heard = this.events.heard.released
    if (!heard && !this.followers.some) return
    const moment = at ?? Math.trunc(this.clock.elapsed())
    const clause = why === undefined ? undefined : this.clauseOf(why)
    this.followers.released(connection, why, moment, clause)
    if (!heard) return
    this.events.tell('released', {
      at: this.#now(),
      api: this.api,
      ...whose(connection.holder),
      class: connection.class,
      connection: connection.id,
      path: withoutKeys(connection.path),
      heldMs: moment - connection.startedAt,
      why,
      clause,
    })
  }

  /** @param notice its code, and what belongs to it */
  notice(notice: Notice, party: Party): void {
    if (!this.events.heard.notice) return
    this.events.tell('notice', { at: this.#now(), api: this.api, ...whose(party), ...notice })
  }

  outage(change: OutageChange): void {
    if (this.events.heard.outage) this.events.tell('outage', { at: this.#now(), api: this.api, ...change })
  }

  warn(code: WarningEvent['code'], message: string, cause?: unknown): void {
    if (this.events.heard.warning) this.#warnings.warn(code, message, cause)
  }

  /** The gate is closed: what was not told for the sake of a pause is told. */
  close(): void {
    this.#warnings.close()
  }

  #now(): Date {
    return new Date(this.clock.now())
  }

  #request({ request }: Reported) {
    return { at: this.#now(), api: this.api, method: request.method, path: withoutKeys(request.path) }
  }
}

/** Floods of refusals are counted, not described: the event is put together once, and only where it is asked for. */
class ToldRefusal implements FollowedRefusal {
  #event: RefusedEvent | undefined

  constructor(
    private readonly visit: Reported,
    private readonly refusal: Refusal,
    readonly enforced: boolean,
    private readonly describe: (visit: Reported) => RequestEvent,
  ) {}

  get reason(): Reason {
    return this.refusal.reason
  }

  get clause(): string | undefined {
    return this.refusal.clause
  }

  get account(): Account | undefined {
    return this.visit.identity?.account
  }

  get class(): string | undefined {
    return this.visit.class
  }

  get limit(): number | undefined {
    return this.visit.limit
  }

  event(): RefusedEvent {
    const { reason, clause, status, instance } = this.refusal
    this.#event ??= {
      ...this.describe(this.visit),
      reason,
      clause,
      status,
      instance,
      enforced: this.enforced,
      ...known(this.visit),
    }
    return this.#event
  }
}

function whose({ account, client, credential, hint }: Party) {
  return {
    account: account.id,
    client: client.id,
    credential: credential.id,
    hint,
    ...(account.partner !== undefined && { partner: account.partner }),
  }
}

/** What had been found out by the time it was decided. */
function known({ identity, class: className, limit, inUse }: Reported) {
  return {
    ...(identity && whose(identity)),
    ...(className !== undefined && { class: className }),
    ...(limit !== undefined && { limit }),
    ...(inUse !== undefined && { inUse }),
  }
}
