import { limitsInForce, nextChange } from '../accounts/in-force.js'
import { isRecord } from '../checked.js'
import type { CompleteClock } from '../clock.js'
import type { Account, Limits } from '../registry.js'
import { isPromise } from '../pending.js'

/** The limits of the model Terms, clause 2(d). */
export const DEFAULT_LIMITS: Limits = Object.freeze({ read: 10, write: 1 })

/** Limits for everybody, or a function that knows them by account. */
export type LimitsOption = Limits | ((account: Account, api: string) => Limits | Promise<Limits>)

/** Whose limit is asked for. */
export interface LimitHolder {
  readonly account: Account
  /** Whether the account has no limits of its own: then its record need not be looked at. */
  readonly hasGeneralLimits: boolean
}

/** How many connections of a class an account may have open. */
export interface LimitTable {
  /** `undefined` where the class has no limit; a rejection or a throw where the provider's function fails. */
  limitOf(who: LimitHolder, className: string): number | undefined | Promise<number | undefined>
  /** Those of every class that is known; a rejection or a throw where the provider's function fails. */
  limitsOf(account: Account): Limits | Promise<Limits>
  /** Takes these in place of what was said before, class by class. */
  set(limits: Limits): void
}

export function createLimitTable(
  option: LimitsOption | undefined,
  api: string,
  clock: Pick<CompleteClock, 'now'>,
): LimitTable {
  const granted = createGrantTable(api, clock)
  let general = merged(typeof option === 'function' ? {} : option, DEFAULT_LIMITS)
  let byAccount = typeof option === 'function' ? option : undefined
  const ofAccount = (account: Account, className: string) =>
    limitIn(account.limits, className) ?? general[className]

  return {
    limitOf(who, className) {
      if (!byAccount && who.hasGeneralLimits) return general[className]
      const { account } = who
      const limit = account.grants == null ? undefined : limitIn(granted(account), className)
      if (limit !== undefined) return limit
      if (!byAccount) return ofAccount(account, className)
      const said = byAccount(account, api)
      return isPromise(said)
        ? said.then((limits) => limitIn(limits, className) ?? ofAccount(account, className))
        : (limitIn(said, className) ?? ofAccount(account, className))
    },
    limitsOf(account) {
      const all = (said: Limits | undefined) =>
        merged(
          account.grants == null ? undefined : granted(account),
          merged(said, merged(account.limits, general)),
        )
      const said = byAccount?.(account, api)
      return isPromise(said) ? said.then(all) : all(said)
    },
    set(limits) {
      general = merged(limits, general)
      byAccount = undefined
    },
  }
}

/**
 * What grants in force give an account, without its own limits: consent that was given for a while goes before what holds for good. Looked
 * through once between two moments at which one begins or ends.
 */
function createGrantTable(api: string, clock: Pick<CompleteClock, 'now'>) {
  const inForce = new WeakMap<Account, { limits: Limits | undefined; since: number; until: number }>()
  return (account: Account): Limits | undefined => {
    const now = clock.now()
    let known = inForce.get(account)
    if (!known || now < known.since || now >= known.until) {
      const grants = { id: account.id, grants: account.grants ?? [] }
      const limits = limitsInForce(grants, api, now)
      known = { limits, since: now, until: nextChange(grants, api, now) ?? Infinity }
      inForce.set(account, known)
    }
    return known.limits
  }
}

/** These limits over those, without a prototype: a class may be named by what a request says, and `constructor` is none. */
function merged(limits: Limits | undefined, others: Limits): Limits {
  return Object.freeze(Object.assign(Object.create(null), others, limits) as Limits)
}

/** What limits from outside say of a class. What they leave out stays as it would be without them. */
function limitIn(limits: Limits | undefined | null, className: string): number | undefined {
  if (limits == null) return undefined
  if (!isRecord(limits)) throw new TypeError('api-terms: limits must be an object from classes to numbers')
  const limit = Object.hasOwn(limits, className) ? limits[className] : undefined
  if (limit === undefined || isLimit(limit)) return limit
  throw new TypeError(
    `api-terms: limits must be whole numbers, 0 or more; that of ${className} is a ${typeof limit}`,
  )
}

export function isLimit(value: unknown): value is number {
  return value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0)
}
