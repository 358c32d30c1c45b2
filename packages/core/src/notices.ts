import { LRUCache } from 'lru-cache'
import type { NoticeEvent } from './events.js'
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
export type Notice = Pick<NoticeEvent, 'code' | 'version' | 'missing' | 'due'>

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
