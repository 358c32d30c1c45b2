import { statusInForce } from '../accounts/in-force.js'
import type { CompleteClock } from '../clock.js'
import { inOnePiece } from '../one-piece.js'
import type { Ground } from '../refusal.js'
import type { Account, Client, Credential, Registration } from '../registry.js'
import type { Grounds } from './challenge.js'
import type { Placed } from './networks.js'
import { RecordedRegistration } from '../accounts/recorded.js'
import type { Look, Way } from './way.js'
import { isSame, type Came } from './wire.js'

/** Who asks. */
export interface Identity {
  readonly account: Account
  readonly accountId: string
  readonly client: Client
  readonly clientId: string
  readonly credential: Credential
  /** Whether its account has no limits of its own, granted ones included, and gets none as long as the registration is the same. */
  readonly hasGeneralLimits: boolean
  /** What may be shown of the key. */
  readonly hint: string
  /** The header field that held the key: for `Vary`. */
  readonly field: string
}

/** What a request claims. */
export interface Claim {
  /** The value of the field that holds the key. */
  readonly value: string
  readonly way: Way
  readonly digest: string
  /** The client id sent beside the key. */
  readonly client: string | undefined
}

/**
 * An identity that can be looked at again, and recognised where the same value comes again through the same socket: a caller that keeps
 * its connection sends the same credential again and again, and comparing it costs a tenth of what reading and hashing it does. Whether
 * it still is anybody's is asked each time. The value is kept for no longer than socket and connection live, and is not shown.
 */
export class VerifiedIdentity implements Identity, Came, Placed {
  address: string | undefined = undefined
  readonly #registration: Registration
  readonly #value: string
  #accountId: string
  /** The last look at its registration, if that found nothing that could ever speak against it but its retirement. */
  #look: Look

  constructor(registration: Registration, { way, value }: Claim) {
    this.#registration = registration
    this.#value = value
    this.#accountId = RecordedRegistration.accountIdOf(registration)
    this.#look = way.unsettled
  }

  get account(): Account {
    return this.#registration.account
  }

  get accountId(): string {
    return this.#accountId
  }

  get client(): Client {
    return this.#registration.client
  }

  get clientId(): string {
    return RecordedRegistration.clientIdOf(this.#registration)
  }

  get credential(): Credential {
    return this.#registration.credential
  }

  /** Worked out when it is asked for: most hints are never read, and there is an identity for each socket. */
  get hint(): string {
    return this.way.hintIn(this.#value)
  }

  get field(): string {
    return this.way.field
  }

  get hasGeneralLimits(): boolean {
    return isSettled(this.#look) || RecordedRegistration.hasGeneralLimits(this.#registration)
  }

  /** Whether nothing in its registration can speak against it. */
  get isPlain(): boolean {
    return isSettled(this.#look) || RecordedRegistration.isPlain(this.#registration)
  }

  /**
   * Whether its registration still is what a registry of such records answers. Of very many accounts each registration and each id lies far
   * away in memory: for who comes again neither is touched until some registration is retired.
   */
  get isCurrent(): boolean {
    if (this.#look.after === RecordedRegistration.retirements) return true
    if (!RecordedRegistration.isCurrent(this.#registration)) return false
    if (this.isPlain && this.hasGeneralLimits) {
      if (!isSettled(this.#look)) this.#accountId = inOnePiece(this.#accountId)
      this.#look = this.way.look()
    }
    return true
  }

  get way(): Way {
    return this.#look.way
  }

  /** What it claimed. Its digest is its credential's, and a client id sent beside the key was its client's. */
  get claim(): Claim {
    const { client, credential } = this.#registration
    return {
      value: this.#value,
      way: this.way,
      digest: credential.digest,
      client: this.way.scheme === 'basic' ? client.id : undefined,
    }
  }

  /** Whether it was verified by this very registration. */
  isOf(found: unknown): boolean {
    return this.#registration === found
  }

  cameAs(value: string): boolean {
    return isSame(this.#value, value)
  }
}

/** Whether one look was enough until something is retired. */
function isSettled({ after }: Look): boolean {
  return after >= 0
}

/** A claim that was good for nothing when it came: it is not shown. */
export class RefusedClaim implements Came {
  readonly #claim: Claim

  constructor(claim: Claim) {
    this.#claim = claim
  }

  get way(): Way {
    return this.#claim.way
  }

  get claim(): Claim {
    return this.#claim
  }

  cameAs(value: string): boolean {
    return isSame(this.#claim.value, value)
  }
}

/** Whether a registration makes a claim good, at this moment. One answer for all that is not valid. */
export function verify(
  registration: Registration | undefined,
  claim: Claim,
  clock: CompleteClock,
  grounds: Grounds,
): Identity | Ground {
  const { client, way } = claim
  if (!registration || (client !== undefined && client !== registration.client.id))
    return grounds.invalid[way.scheme]
  const isGood = RecordedRegistration.isPlain(registration) || isInForce(registration.credential, clock)
  if (!isGood) return grounds.invalid[way.scheme]
  return new VerifiedIdentity(registration, claim)
}

/** What stands against somebody whose credential is valid: only who holds one is told of its account. */
export function standingOf(
  { account, client, way }: VerifiedIdentity,
  api: string,
  clock: CompleteClock,
  grounds: Grounds,
): Ground | undefined {
  if (isTerminated(account, clock) || isTerminated(client, clock)) return grounds.terminated
  if (account.status === 'suspended' || client.status === 'suspended') return grounds.suspended
  if (client.apis != null && !client.apis.includes(api)) return grounds.notGranted[way.scheme]
  return undefined
}

/** Most have no date: the time is asked for only where notice was given. */
function isTerminated(record: Account | Client, clock: CompleteClock): boolean {
  if (record.terminatesAt == null) return record.status === 'terminated'
  return statusInForce(record, clock.now()) === 'terminated'
}

/** Written so that a date that is none (NaN) refuses. */
export function isInForce(
  { notBefore, expiresAt, revokedAt, ended }: Credential,
  clock: CompleteClock,
): boolean {
  // A credential of the provider's own may have another member of that name.
  if (ended === true) return false
  if (notBefore == null && expiresAt == null && revokedAt == null) return true
  const now = clock.now()
  if (notBefore != null && !(now >= notBefore.getTime())) return false
  if (expiresAt != null && !(now < expiresAt.getTime())) return false
  return revokedAt == null || now < revokedAt.getTime()
}
