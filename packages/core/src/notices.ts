import { LRUCache } from 'lru-cache'
import type { Account, Client, Credential } from './registry.js'

/** Whom a notice is about. */
export interface Party {
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
  /** What may be shown of the key. */
  readonly hint: string
}

/** What an account should be told (clause 2(f)). */
export interface Notice {
  /**
   * `terms-acceptance-due`: a version of the Terms is to be accepted. `registration-stale`: what is registered is not complete, or
   * has not been verified for too long. `termination-announced`: notice was given. `key-expiring`: a key ends soon.
   */
  readonly code: 'terms-acceptance-due' | 'registration-stale' | 'termination-announced' | 'key-expiring'
  /** The version of the Terms to be accepted. */
  readonly version?: string
  /** What of the registration is missing, or has to be verified. */
  readonly missing?: 'contacts' | 'privacyPolicyUrl' | 'verifiedAt'
  /** Until when it is to be done, or when it will be so. */
  readonly due?: Date
}

/** So many are remembered as told; what was told longest ago may be told again. */
const REMEMBERED = 10_000

/** Gives notice of each thing once, however many requests meet it. */
export class Notices {
  readonly #told = new LRUCache<string, true>({ max: REMEMBERED })
  readonly #tell: (notice: Notice, party: Party) => void

  constructor(tell: (notice: Notice, party: Party) => void) {
    this.#tell = tell
  }

  give(notice: Notice, party: Party): void {
    const { code, version, missing, due } = notice
    const credential = code === 'key-expiring' ? party.credential.digest : ''
    const what = `${code} ${version ?? missing ?? credential} ${due?.getTime() ?? ''} ${party.client.id}`
    if (this.#told.get(what)) return
    this.#told.set(what, true)
    this.#tell(notice, party)
  }
}
