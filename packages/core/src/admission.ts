import type { Carrier } from './carrier.js'
import type { CachePolicy } from './caching/index.js'
import type { HeldConnection } from './connections/index.js'
import type { ResponseHead } from './head.js'
import type { Refusal } from './refusal.js'
import type { Account, Client } from './registry.js'

/** What the gate decides. */
export type Outcome = Admission | Refusal

/** The right to proceed. Handlers get it from `admissionOf`; the members below the line are for adapters. */
export interface Admission {
  readonly admitted: true
  readonly account: Account
  readonly client: Client
  readonly connection: HeldConnection
  /**
   * The handler's own word on how long this answer may be kept. It may shorten what the caching rules permit or narrow who may
   * keep it; what it permits beyond them is left out. Throws a TypeError where the policy contradicts itself.
   */
  cache(policy: CachePolicy): void

  // ---- for adapters

  /** The gate that has admitted the request: compared, never called. */
  readonly gate: object
  /**
   * Whether the gate knows who asks. Not so for a request that `skip` lets by, nor, in `observe` mode, for one whose key is missing
   * or not valid: its account and client have empty ids, and `admissionOf` does not show it.
   */
  readonly identified: boolean
  /** Writes the header fields of the response. Called once, when its status is known and its head is about to be sent. */
  stamp(head: ResponseHead): void
  /** Names what carries the connection, so that the gate can cut it off. */
  carriedBy(carrier: Carrier): void
  /** As `connection.holdUntil`, without making the view that handlers get. A rejection is for who gives the work to handle. */
  holdUntil(work: Promise<unknown>): void
  /** The response, or the upgraded socket, is over. Any number of times. */
  release(): void
  /** The content has turned out longer than `requests.maxBodyBytes`: reports it, and answers how to refuse it, if it is to be. */
  bodyTooLarge(): Refusal | undefined
}
