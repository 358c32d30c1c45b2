import type { Account, Limits } from '../registry.js'
import { isPromise } from '../pending.js'

/** The limits of the model Terms, clause 2(d). */
export const DEFAULT_LIMITS: Limits = Object.freeze({ read: 10, write: 1 })

/** Limits for everybody, or a function that knows them by account. */
export type LimitsOption = Limits | ((account: Account, api: string) => Limits | Promise<Limits>)

/** How many connections of a class an account may have open. */
export interface LimitTable {
  /** `undefined` where the class has no limit; a rejection or a throw where the provider's function fails. */
  limitOf(account: Account, className: string): number | undefined | Promise<number | undefined>
  /** Takes these in place of what was said before, class by class. */
  set(limits: Limits): void
}

export function createLimitTable(option: LimitsOption | undefined, api: string): LimitTable {
  let general: Limits = typeof option === 'function' ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...option }
  let byAccount = typeof option === 'function' ? option : undefined

  return {
    limitOf(account, className) {
      if (!byAccount) return account.limits?.[className] ?? general[className]
      const said = byAccount(account, api)
      return isPromise(said)
        ? said.then((limits) => checked(limits, account, className, general))
        : checked(said, account, className, general)
    },
    set(limits) {
      general = Object.freeze({ ...general, ...limits })
      byAccount = undefined
    },
  }
}

/** What a function says goes before the account's own; what it leaves out stays as it would be without it. */
function checked(said: Limits, account: Account, className: string, general: Limits): number | undefined {
  const limit = said?.[className] ?? account.limits?.[className] ?? general[className]
  if (limit !== undefined && !isLimit(limit)) {
    throw new TypeError(
      `api-terms: limits() must return whole numbers, 0 or more; ${className} is ${String(limit)}`,
    )
  }
  return limit
}

export function isLimit(value: unknown): value is number {
  return value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0)
}
