import { statusInForce } from '../accounts/in-force.js'
import type { CompleteClock } from '../clock.js'
import type { Ground } from '../refusal.js'
import type { Account, Client, Credential, Registration } from '../registry.js'
import type { Grounds } from './challenge.js'
import { writtenHint, type Hint } from './key.js'
import type { Scheme } from './options.js'

/** Who asks. */
export interface Identity {
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
  /** What may be shown of the key. */
  readonly hint: string
  /** The header field that held the key: for `Vary`. */
  readonly field: string
}

/** The way a key came. */
export interface Way {
  readonly scheme: Scheme
  /** The header field that held it. */
  readonly field: string
  /** Whether the client's id came beside it. */
  readonly namesClient: boolean
}

/** What a request claims, without the key itself: that is let go as soon as it has been read. */
export interface Claim {
  readonly digest: string
  readonly way: Way
  /** The client id sent beside the key. */
  readonly client: string | undefined
  readonly hint: Hint
}

/**
 * An identity that can be looked at again. It lasts as long as its connection, so it keeps nothing that the registration has already:
 * the digest is the same, and a client id sent beside the key was the registration's.
 */
export class VerifiedIdentity implements Identity {
  readonly #registration: Registration
  readonly #way: Way
  readonly #hintStart: string
  readonly #hintEnd: string

  constructor(registration: Registration, { way, hint }: Claim) {
    this.#registration = registration
    this.#way = way
    this.#hintStart = hint.start
    this.#hintEnd = hint.end
  }

  get account(): Account {
    return this.#registration.account
  }

  get client(): Client {
    return this.#registration.client
  }

  get credential(): Credential {
    return this.#registration.credential
  }

  get hint(): string {
    return writtenHint({ start: this.#hintStart, end: this.#hintEnd })
  }

  get field(): string {
    return this.#way.field
  }

  static claimOf(identity: Identity): Claim {
    const verified = identity as VerifiedIdentity
    const { client, credential } = verified.#registration
    return {
      digest: credential.digest,
      way: verified.#way,
      client: verified.#way.namesClient ? client.id : undefined,
      hint: { start: verified.#hintStart, end: verified.#hintEnd },
    }
  }
}

/** Whether a registration makes a claim good, at this moment. One answer for all that is not valid. */
export function verify(
  registration: Registration | undefined,
  claim: Claim,
  clock: CompleteClock,
  grounds: Grounds,
): Identity | Ground {
  if (!registration) return grounds.invalid[claim.way.scheme]
  const { client, credential } = registration
  if (claim.client !== undefined && claim.client !== client.id) return grounds.invalid[claim.way.scheme]
  if (!isInForce(credential, clock)) return grounds.invalid[claim.way.scheme]
  return new VerifiedIdentity(registration, claim)
}

/** What speaks against somebody whose credential is valid: only who holds one is told of its account. */
export function standingOf(
  who: Identity,
  api: string,
  clock: CompleteClock,
  grounds: Grounds,
): Ground | undefined {
  const { account, client } = who
  if (isTerminated(account, clock) || isTerminated(client, clock)) return grounds.terminated
  if (account.status === 'suspended' || client.status === 'suspended') return grounds.suspended
  if (client.apis != null && !client.apis.includes(api))
    return grounds.notGranted[VerifiedIdentity.claimOf(who).way.scheme]
  return undefined
}

/** Most have neither: the time is asked for only where notice was given. */
function isTerminated(record: Account | Client, clock: CompleteClock): boolean {
  if (record.terminatesAt == null) return record.status === 'terminated'
  return statusInForce(record, clock.now()) === 'terminated'
}

/** Written so that a date that is none (NaN) refuses. */
function isInForce({ notBefore, expiresAt, revokedAt }: Credential, clock: CompleteClock): boolean {
  if (notBefore == null && expiresAt == null && revokedAt == null) return true
  const now = clock.now()
  if (notBefore != null && !(now >= notBefore.getTime())) return false
  if (expiresAt != null && !(now < expiresAt.getTime())) return false
  return revokedAt == null || now < revokedAt.getTime()
}
