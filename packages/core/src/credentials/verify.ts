import type { CompleteClock } from '../clock.js'
import type { Ground } from '../refusal.js'
import type { Account, Client, Credential, Registration } from '../registry.js'
import type { Grounds } from './challenge.js'
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

/** What a request claims, without the key itself: that is let go as soon as it has been read. */
export interface Claim {
  readonly digest: string
  readonly scheme: Scheme
  /** The client id sent beside the key. */
  readonly client: string | undefined
  readonly hint: string
  readonly field: string
}

/** An identity that remembers the claim it rests on, so that it can be looked at again. */
export class VerifiedIdentity implements Identity {
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
  readonly hint: string
  readonly field: string
  readonly #claim: Claim

  constructor({ account, client, credential }: Registration, claim: Claim) {
    this.account = account
    this.client = client
    this.credential = credential
    this.hint = claim.hint
    this.field = claim.field
    this.#claim = claim
  }

  static claimOf(identity: Identity): Claim {
    return (identity as VerifiedIdentity).#claim
  }
}

/**
 * Whether a registration makes a claim good, at this moment. First what is one answer for all that is not valid; only who holds a valid
 * credential is told of its account.
 */
export function verify(
  registration: Registration | undefined,
  claim: Claim,
  api: string,
  clock: CompleteClock,
  grounds: Grounds,
): Identity | Ground {
  if (!registration) return grounds.invalid[claim.scheme]
  const { account, client, credential } = registration
  if (claim.client !== undefined && claim.client !== client.id) return grounds.invalid[claim.scheme]
  if (!isInForce(credential, clock)) return grounds.invalid[claim.scheme]
  if (account.status === 'terminated' || client.status === 'terminated') return grounds.terminated
  if (account.status === 'suspended' || client.status === 'suspended') return grounds.suspended
  if (client.apis != null && !client.apis.includes(api)) return grounds.notGranted[claim.scheme]
  return new VerifiedIdentity(registration, claim)
}

/** Written so that a date that is none (NaN) refuses. */
function isInForce({ notBefore, expiresAt, revokedAt }: Credential, clock: CompleteClock): boolean {
  if (notBefore == null && expiresAt == null && revokedAt == null) return true
  const now = clock.now()
  if (notBefore != null && !(now >= notBefore.getTime())) return false
  if (expiresAt != null && !(now < expiresAt.getTime())) return false
  return revokedAt == null || now < revokedAt.getTime()
}
