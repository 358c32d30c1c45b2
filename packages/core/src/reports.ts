import type { CompleteClock } from './clock.js'
import type { Connection, OutageChange } from './connections/index.js'
import type { Identity } from './credentials/index.js'
import type { GateEventSource, WarningEvent } from './events.js'
import type { Refusal } from './refusal.js'
import type { Visit } from './visit.js'
import { withoutKeys } from './without-keys.js'

/** What a report tells of a request: less than a visit where not all is known any more. */
type Reported = Pick<Visit, 'identity'> &
  Partial<Pick<Visit, 'class' | 'limit' | 'inUse'>> & {
    readonly request: { readonly method: string; readonly path: string }
  }

/** An outage fails every request: it is told when it begins, and while it goes on so often. */
const WARNING_PAUSE_MS = 60_000

/** Tells the provider what the gate does. Nothing is put together where nobody listens. */
export class Reports {
  constructor(
    private readonly api: string,
    private readonly events: GateEventSource,
    private readonly clock: CompleteClock,
  ) {}

  admitted(visit: Visit, connection: Connection<Identity>): void {
    if (!this.events.heard('admitted')) return
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
    if (!this.events.heard('refused')) return
    const { reason, clause, status, instance } = refusal
    this.events.tell('refused', {
      ...this.#request(visit),
      reason,
      clause,
      status,
      instance,
      enforced,
      ...known(visit),
    })
  }

  abandoned(visit: Visit): void {
    if (this.events.heard('abandoned'))
      this.events.tell('abandoned', { ...this.#request(visit), ...known(visit) })
  }

  released(connection: Connection<Identity>, why: string | undefined): void {
    if (!this.events.heard('released')) return
    this.events.tell('released', {
      at: this.#now(),
      api: this.api,
      ...whose(connection.holder),
      class: connection.class,
      connection: connection.id,
      path: withoutKeys(connection.path),
      heldMs: this.clock.elapsed() - connection.startedAt,
      why,
    })
  }

  outage(change: OutageChange): void {
    if (this.events.heard('outage')) this.events.tell('outage', { at: this.#now(), api: this.api, ...change })
  }

  readonly #warned = new Map<WarningEvent['code'], { readonly toldAt: number; untold: number }>()
  /** A warning is being told just now. */
  warning = false

  warn(code: WarningEvent['code'], message: string, cause?: unknown): void {
    if (!this.events.heard('warning')) return
    const now = this.clock.elapsed()
    const before = this.#warned.get(code)
    const count = (before?.untold ?? 0) + 1
    if (before && now - before.toldAt < WARNING_PAUSE_MS) return void (before.untold = count)
    this.#warned.set(code, { toldAt: now, untold: 0 })
    this.warning = true
    this.events.tell('warning', { at: this.#now(), api: this.api, code, message, count, cause })
    this.warning = false
  }

  #now(): Date {
    return new Date(this.clock.now())
  }

  #request({ request }: Reported) {
    return { at: this.#now(), api: this.api, method: request.method, path: withoutKeys(request.path) }
  }
}

function whose({ account, client, credential, hint }: Identity) {
  return { account: account.id, client: client.id, credential: credential.id, hint }
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
