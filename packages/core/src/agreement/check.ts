import type { CompleteClock } from '../clock.js'
import type { Notices, Party } from '../notices.js'
import type { Ground } from '../refusal.js'
import type { Client } from '../registry.js'
import { dueField, owedBy, type OwedAcceptance } from './acceptance.js'
import type { RegistrationOptions, TermsOptions } from './options.js'
import { createRegistrationCheck, type RegistrationCheck } from './registration.js'
import { datedVersions, isDated, VersionInForce, type CitedVersion, type DatedVersion } from './versions.js'

/** What the Terms ask of an account beside its credential: that they are accepted, and that its registration is up to date. */
export interface Agreement {
  /** What is cited in answers now. */
  readonly cited: CitedVersion
  /** The version in force; `undefined` where none is listed, or none has taken effect. */
  readonly inForce: DatedVersion | undefined
  /** Oldest first. */
  readonly versions: readonly DatedVersion[]
  /** What speaks against a party now. Gives notice of what will, once for each client and cause. */
  against(party: Party): Ground | undefined
  /** What a client owes, whether or not it is enforced. */
  owedBy(client: Client): OwedAcceptance | undefined
  /** `Terms-Acceptance-Due` of a client's answers that cite this version; `undefined` where nothing is due. */
  dueFieldOf(client: Client, cited: CitedVersion): string | undefined
  /** When a party is to be looked at again, in ms since 1970, for what comes with time. */
  nextLook(party: Pick<Party, 'account' | 'client'>): number | undefined
  /** When everybody is to be looked at again, soonest first. */
  moments(now: number): readonly number[]
}

export interface AgreementContext {
  readonly clock: CompleteClock
  readonly notices: Notices
  /** Another version is in force: a new one has taken effect, or the clock was set back. */
  onOtherVersion?(): void
}

const NOT_ACCEPTED: Ground = Object.freeze({
  reason: 'terms-not-accepted',
  detail:
    'The Terms in force have not been accepted for this client. Read them at the link, and have them accepted by somebody who may bind the entity.',
})

const STALE: Ground = Object.freeze({
  reason: 'registration-stale',
  detail:
    'What is registered of the account or the client is not complete, or has not been verified for too long. Contact the provider.',
})

/** @param terms, registration have passed the schemas; `undefined` where they ask for nothing that has to be looked at with a request */
export function createAgreement(
  terms: TermsOptions,
  registration: RegistrationOptions | undefined,
  context: AgreementContext,
): Agreement | undefined {
  const isAsked = registration?.reviewMs !== undefined || (registration?.requires?.length ?? 0) > 0
  if (!terms.versions && !isAsked) return undefined
  return new AgreementInTime(terms, isAsked ? registration : undefined, context)
}

function isAhead(moment: number | undefined, now: number): moment is number {
  return moment !== undefined && moment > now
}

class AgreementInTime implements Agreement {
  readonly versions: readonly DatedVersion[]
  readonly #inForce: VersionInForce
  readonly #enforced: boolean
  readonly #refusesStale: boolean
  /** Absent where nothing is asked of registrations. */
  readonly #registration: RegistrationCheck | undefined
  readonly #context: AgreementContext

  constructor(terms: TermsOptions, registration: RegistrationOptions | undefined, context: AgreementContext) {
    this.versions = datedVersions(terms)
    const before = Object.freeze({ version: terms.version, url: terms.url })
    this.#inForce = new VersionInForce(this.versions, before, context)
    this.#enforced = terms.acceptance !== 'notify'
    this.#registration = registration && createRegistrationCheck(registration)
    this.#refusesStale = registration?.whenStale === 'refuse'
    this.#context = context
  }

  get cited(): CitedVersion {
    return this.#inForce.cited
  }

  get inForce(): DatedVersion | undefined {
    return this.#inForce.dated
  }

  against(party: Party): Ground | undefined {
    return (this.#registration && this.#stale(party)) ?? this.#notAccepted(party)
  }

  owedBy(client: Client): OwedAcceptance | undefined {
    const inForce = this.#inForce.dated
    return inForce && owedBy(client, inForce, this.versions)
  }

  dueFieldOf(client: Client, cited: CitedVersion): string | undefined {
    const owed = isDated(cited) ? owedBy(client, cited, this.versions) : undefined
    return owed && dueField(owed)
  }

  nextLook({ account, client }: Pick<Party, 'account' | 'client'>): number | undefined {
    const review = this.#refusesStale ? this.#registration?.reviewAt(account, client) : undefined
    // They have just been looked at: the version in force is the one that was found then.
    const inForce = this.#enforced ? this.#inForce.last : undefined
    const due = inForce && owedBy(client, inForce, this.versions)?.by
    if (review === undefined && due === undefined) return undefined
    const now = this.#context.clock.now()
    const next = Math.min(isAhead(review, now) ? review : Infinity, isAhead(due, now) ? due : Infinity)
    return next === Infinity ? undefined : next
  }

  moments(now: number): readonly number[] {
    if (!this.#enforced) return []
    return this.versions
      .flatMap(({ effectiveAt, acceptBy }) => [effectiveAt, acceptBy])
      .filter((moment) => moment > now)
      .toSorted((one, other) => one - other)
  }

  #notAccepted(party: Party): Ground | undefined {
    const owed = this.owedBy(party.client)
    if (!owed) return undefined
    if (this.#enforced && this.#context.clock.now() >= owed.by) return NOT_ACCEPTED
    const due = new Date(owed.by === -Infinity ? owed.version.effectiveAt : owed.by)
    this.#context.notices.give({ code: 'terms-acceptance-due', version: owed.version.version, due }, party)
    return undefined
  }

  #stale(party: Party): Ground | undefined {
    const { account, client } = party
    const fault = this.#registration?.faultIn(account, client, this.#context.clock.now())
    if (!fault) return undefined
    const { what: missing, since } = fault
    const due = since === undefined ? undefined : new Date(since)
    this.#context.notices.give({ code: 'registration-stale', missing, ...(due && { due }) }, party)
    return this.#refusesStale ? STALE : undefined
  }
}
