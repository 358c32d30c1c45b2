import type { OwedAcceptance } from './agreement/index.js'
import type { Ground, Refusal } from './refusal.js'
import type { Account, Client, Credential, Limits } from './registry.js'

/** A version of the Terms, as a client is told of it. */
export interface ToldVersion {
  /** Absent where the provider names none. */
  readonly version?: string
  readonly url: string
  /** Absent where versions have no dates. */
  readonly effectiveAt?: Date
}

/** A client asks about itself: who it is, and how it stands. It holds one of few places until `release()`. */
export interface Inquiry {
  readonly admitted: true
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
  /** What speaks against the client's use of the API now. */
  readonly against: Ground | undefined
  /** The Terms in force. */
  readonly terms: ToldVersion
  /** Versions that have not taken effect yet, the next one first. */
  readonly upcoming: readonly ToldVersion[]
  /** What is to be accepted, whether or not it is enforced; `by` in ms since 1970, -Infinity where it is due already. */
  readonly owed: OwedAcceptance | undefined
  /**
   * The same client, looked at again after a wait: what holds of it now, or why it may not ask any more. It keeps its place; `release()` of
   * either gives it back.
   */
  recheck(): Promise<Inquiry | Refusal>
  /** How many connections of each class the account may have open now. */
  limits(): Promise<Limits>
  /** Refuses what is asked, and tells so as a `refused` event. */
  refuse(ground: Ground): Refusal
  /** The answer is given. Any number of times. */
  release(): void
}
