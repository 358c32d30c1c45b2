import { Mutex } from 'async-mutex'
import { bounded } from '../bounded.js'
import type { Accounts } from './changed-accounts.js'
import type { CompleteClock } from '../clock.js'
import type { ConnectionStore, LimitTable } from '../connections/index.js'
import { isPromise } from '../pending.js'
import type { Visit } from './visit.js'

export interface ToldLimitsContext {
  readonly api: string
  readonly clock: CompleteClock
  readonly limits: LimitTable
  readonly store: ConnectionStore
  /** How long the provider's function may take to tell a limit, in ms. */
  readonly timeoutMs: number
  /** Those who wait for a connection. */
  waiting(): Iterable<Visit>
}

/** Tells the store the limits that now hold for those who wait. */
export class ToldLimits {
  readonly #is: ToldLimitsContext
  /** One at a time, since an older limit that takes longer to find out must not be told after a newer one. */
  readonly #telling = new Mutex()
  #accounts = new Set<string | undefined>()

  constructor(context: ToldLimitsContext) {
    this.#is = context
  }

  /** The limits of an account may have changed, or, where none is named, those of all. What changes until they are told is told together. */
  tell(account: string | undefined): Promise<void> {
    this.#accounts.add(account)
    return this.#telling.runExclusive(() => this.#tellAll())
  }

  /** By the time the first is told each knows its own: it lets in all for whom there is room, and what they tell of their limit is to be true. */
  async #tellAll(): Promise<void> {
    const accounts: Accounts = this.#accounts
    if (accounts.size === 0) return
    this.#accounts = new Set()
    const { api, store, waiting } = this.#is
    const isMeant = ({ identity }: Visit) =>
      identity && (accounts.has(undefined) || accounts.has(identity.account.id))
    const visits = [...waiting()].filter(isMeant)
    const changed = await Promise.all(visits.map((visit) => this.#learnLimit(visit)))
    for (const { identity, class: className, limit } of visits.filter((_, at) => changed[at]))
      store.setLimit({ api, account: identity!.account.id, class: className! }, limit!)
  }

  /** Whether a limit is known that holds now. Where it is not, the old one goes on. */
  async #learnLimit(visit: Visit): Promise<boolean> {
    const { limits, timeoutMs, clock } = this.#is
    const { identity, class: className } = visit
    if (!identity || className === undefined) return false
    try {
      const said = limits.limitOf(identity, className)
      const limit = await (isPromise(said) ? bounded(said, timeoutMs, 'limits()', clock) : said)
      if (limit !== undefined) visit.limit = limit
      return limit !== undefined
    } catch {
      // The next request of the account meets the same failure and reports it.
      return false
    }
  }
}
