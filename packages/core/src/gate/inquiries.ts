import type { Agreement } from '../agreement/index.js'
import { bounded } from '../bounded.js'
import type { CompleteClock } from '../clock.js'
import type { ExhaustedGrounds, LimitTable } from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import { SHUTTING_DOWN } from './grounds.js'
import type { Identification } from './identification.js'
import type { Inquiry, ToldVersion } from '../inquiry.js'
import type { Ground, Reason, Refusal, Refuser } from '../refusal.js'
import type { Reports } from './reports.js'
import type { GateRequest } from '../request.js'

/**
 * How many inquiries of a client may be under way at once; each may wait for content. They are no connections of the API, and have a class of
 * their own; nor are they counted by account, or one client of it could keep the others from accepting.
 */
const MOST_AT_ONCE = 4
const CLASS = 'terms'

/** Who is refused the API for one of these may still ask why, and set it right. */
const MAY_ASK = new Set<Reason>(['account-suspended', 'terms-not-accepted', 'registration-stale'])

export interface InquiriesContext {
  /** Where the Terms are cited that have no versions. */
  readonly terms: { readonly url: string; readonly version?: string }
  readonly clock: CompleteClock
  readonly refuser: Refuser
  readonly reports: Reports
  readonly credentials: Identification
  readonly agreement: Agreement | undefined
  readonly limits: LimitTable
  readonly exhausted: ExhaustedGrounds
  readonly timeoutMs: number
  /** What speaks against the way that a request came. */
  checkTransport(request: GateRequest): Ground | undefined
}

/** One of few. */
interface Place {
  /** Any number of times. */
  release(): void
}

/** What clients ask about themselves. */
export class Inquiries {
  readonly #is: InquiriesContext
  readonly #underWay = new Map<string, number>()
  #closed = false

  constructor(context: InquiriesContext) {
    this.#is = context
  }

  async open(request: GateRequest): Promise<Inquiry | Refusal> {
    const { credentials, checkTransport } = this.#is
    const insecure = this.#closed ? SHUTTING_DOWN : checkTransport(request)
    if (insecure) return this.#refuse(request, insecure)
    return this.#judge(request, await credentials.identify(request))
  }

  close(): void {
    this.#closed = true
  }

  /** @param held the place that it has already */
  #judge(request: GateRequest, who: Identity | Ground, held?: Place): Inquiry | Refusal {
    if ('reason' in who) return this.#refuse(request, who)
    const against = this.#is.credentials.against(who, request)
    if (against && !MAY_ASK.has(against.reason)) return this.#refuse(request, against, who)
    const place = held ?? this.#takePlace(request, who)
    return 'reason' in place ? place : this.#inquiry(request, who, against, place)
  }

  #takePlace(request: GateRequest, who: Identity): Place | Refusal {
    // Of a registry of the provider's own, ids may be unique within an account only.
    const client = JSON.stringify([who.accountId, who.clientId])
    const inUse = this.#underWay.get(client) ?? 0
    if (inUse >= MOST_AT_ONCE) return this.#refuse(request, this.#exhausted(inUse), who)
    this.#underWay.set(client, inUse + 1)
    let released = false
    return {
      release: () => {
        if (!released) this.#over(client)
        released = true
      },
    }
  }

  async #recheck(request: GateRequest, who: Identity, place: Place): Promise<Inquiry | Refusal> {
    if (this.#closed) return this.#refuse(request, SHUTTING_DOWN, who)
    return this.#judge(request, await this.#is.credentials.identifyAgain(who), place)
  }

  #inquiry(request: GateRequest, who: Identity, against: Ground | undefined, place: Place): Inquiry {
    const { agreement, limits, clock, timeoutMs } = this.#is
    const { account, client, credential } = who
    return {
      admitted: true,
      account,
      client,
      credential,
      against,
      terms: this.#inForce(),
      upcoming: (agreement?.versions ?? []).filter(({ effectiveAt }) => effectiveAt > clock.now()).map(told),
      owed: agreement?.owedBy(client),
      // In a then: a throw of the provider's function is a rejection as well.
      limits: () =>
        bounded(
          Promise.resolve(account).then((whose) => limits.limitsOf(whose)),
          timeoutMs,
          'limits()',
          clock,
        ),
      recheck: () => this.#recheck(request, who, place),
      refuse: (ground) => this.#refuse(request, ground, who),
      release: place.release,
    }
  }

  #inForce(): ToldVersion {
    const { agreement, terms } = this.#is
    if (agreement?.inForce) return told(agreement.inForce)
    return { url: terms.url, ...(terms.version !== undefined && { version: terms.version }) }
  }

  #over(client: string): void {
    const others = (this.#underWay.get(client) ?? 1) - 1
    if (others > 0) this.#underWay.set(client, others)
    else this.#underWay.delete(client)
  }

  #exhausted(inUse: number): Ground {
    const detail = `${inUse} of ${MOST_AT_ONCE} simultaneous questions of this client are being answered. Wait until one of them is.`
    return { ...this.#is.exhausted(CLASS, MOST_AT_ONCE, inUse), detail }
  }

  #refuse(request: GateRequest, ground: Ground, identity?: Identity): Refusal {
    const refusal = this.#is.refuser.refuse(ground)
    this.#is.reports.refused({ request, identity }, refusal, true)
    return refusal
  }
}

function told({
  version,
  url,
  effectiveAt,
}: {
  version: string
  url: string
  effectiveAt: number
}): ToldVersion {
  return { version, url, effectiveAt: new Date(effectiveAt) }
}
