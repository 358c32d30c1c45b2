import { nextChange } from '../accounts/in-force.js'
import type { Agreement } from '../agreement/index.js'
import type { CompleteClock } from '../clock.js'
import type { CredentialCheck, Identity } from '../credentials/index.js'
import type { Moments } from './moments.js'
import { DAY_MS } from '../days.js'
import type { Notices } from '../notices.js'
import { isPromise } from '../pending.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

type Soon<T> = T | Promise<T>

/** How long before its end a key is given notice of. */
const EXPIRY_NOTICE_MS = 14 * DAY_MS

export interface IdentificationContext {
  readonly api: string
  readonly clock: CompleteClock
  readonly credentials: CredentialCheck
  /** Absent where the Terms ask for nothing beside a credential. */
  readonly agreement: Agreement | undefined
  readonly notices: Notices
  /** Absent where nobody is cut off. */
  readonly moments: Moments | undefined
  /** How long a connection may last, in ms. */
  readonly maxHoldMs: number
}

/** Who asks, and what speaks against them: their credential first, then where they come from, their status, and the agreement. */
export class Identification {
  readonly #is: IdentificationContext
  /** When the records of accounts change next by themselves; each is looked through once for each such moment, and where the clock was set back. */
  readonly #nextChanges = new WeakMap<object, { readonly since: number; readonly next: number }>()

  constructor(context: IdentificationContext) {
    this.#is = context
  }

  /** Whose the credential is: nothing is said yet of what speaks against them. */
  identify(request: GateRequest): Soon<Identity | Ground> {
    return this.#is.credentials.identify(request)
  }

  /** What `identify` would say now of somebody known from before. */
  identifyAgain(who: Identity): Soon<Identity | Ground> {
    return this.#is.credentials.recheck(who)
  }

  /** What speaks against somebody now. `from`: the request, or, where it is gone, who they were known to be before. */
  against(who: Identity, from: GateRequest | Identity): Ground | undefined {
    if (!this.#is.agreement && this.#is.credentials.isPlain(who)) return undefined
    const { account, client } = who
    if (account.grants != null || account.terminatesAt != null || client.terminatesAt != null)
      this.#noteChange(who)
    const ground = this.#is.credentials.against(who, from) ?? this.#is.agreement?.against(who)
    if (ground) return ground
    const { expiresAt, revokedAt } = who.credential
    if (expiresAt != null) this.#noticeExpiry(who, expiresAt)
    if (expiresAt != null || revokedAt != null) this.#noteEndOfKey(who)
    this.#noteLook(who)
    return undefined
  }

  /** Both, for somebody known from before, of whom the registry may say something else by now. */
  recheck(who: Identity, request?: GateRequest): Soon<Identity | Ground> {
    const judged = (found: Identity | Ground) =>
      'reason' in found ? found : (this.against(found, request ?? who) ?? found)
    const found = this.identifyAgain(who)
    return isPromise(found) ? found.then(judged) : judged(found)
  }

  close(): void {
    this.#is.moments?.close()
    this.#is.credentials.close()
  }

  #noticeExpiry(who: Identity, due: Date): void {
    const { clock, notices } = this.#is
    if (due.getTime() - clock.now() <= EXPIRY_NOTICE_MS) notices.give({ code: 'key-expiring', due }, who)
  }

  /** What is open with a key ends as the key does. */
  #noteEndOfKey({ accountId, credential: { expiresAt, revokedAt } }: Identity): void {
    const { clock, moments, maxHoldMs } = this.#is
    const end = Math.min(expiresAt?.getTime() ?? Infinity, revokedAt?.getTime() ?? Infinity)
    // What is open now is over before a later end; what comes then is looked at then.
    if (end - clock.now() <= maxHoldMs) moments?.note(accountId, end)
  }

  #noteChange(who: Identity): void {
    const { moments, api, clock, notices } = this.#is
    const { account, client } = who
    const now = clock.now()
    const due = account.terminatesAt ?? client.terminatesAt
    if (due != null && due.getTime() > now) notices.give({ code: 'termination-announced', due }, who)
    if (!moments) return
    for (const record of [account, client]) {
      let known = this.#nextChanges.get(record)
      if (!known || now < known.since || now >= known.next) {
        known = { since: now, next: nextChange(record, api, now) ?? Infinity }
        this.#nextChanges.set(record, known)
      }
      if (known.next !== Infinity) moments.note(account.id, known.next)
    }
  }

  #noteLook(who: Identity): void {
    const { moments, agreement } = this.#is
    const look = moments && agreement?.nextLook(who)
    if (look !== undefined) moments!.note(who.account.id, look)
  }
}
