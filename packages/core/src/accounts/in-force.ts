import type { Account, Client, Grant, Limits, Status } from '../registry.js'

// What holds of a record at a moment: some of it begins and ends by itself.

/** Terminated where the date of a notice has come (clause 6(a)). A date that is none terminates. */
export function statusInForce(record: Account | Client, now: number): Status {
  const { status, terminatesAt } = record
  if (terminatesAt != null && !(now < terminatesAt.getTime())) return 'terminated'
  return status ?? 'active'
}

/** What the account is granted on an API: its own limits, and over them the grants in force (clause 2(d)). */
export function limitsInForce(account: Account, api: string, now: number): Limits | undefined {
  const { limits, grants } = account
  if (grants == null || grants.length === 0) return limits
  let granted: Record<string, number> | undefined
  for (const grant of grants) {
    if (isInForce(grant, api, now)) granted = Object.assign(granted ?? { ...limits }, grant.limits)
  }
  return granted ?? limits
}

/** When what is in force of an account or a client changes next by itself, in ms since 1970; `undefined` where it does not. */
export function nextChange(
  { grants, terminatesAt }: Pick<Account, 'grants' | 'terminatesAt'>,
  api: string,
  now: number,
): number | undefined {
  if (grants == null && terminatesAt == null) return undefined
  const moments = (grants ?? [])
    .filter((grant) => isFor(grant, api))
    .flatMap(({ from, until }) => [from, until])
    .concat(terminatesAt)
    .map((moment) => moment?.getTime() ?? -Infinity)
    .filter((moment) => moment > now)
  return moments.length === 0 ? undefined : Math.min(...moments)
}

function isInForce(grant: Grant, api: string, now: number): boolean {
  if (!isFor(grant, api)) return false
  const { from, until } = grant
  // Written so that a date that is none (NaN) is not in force.
  return (from == null || now >= from.getTime()) && (until == null || now < until.getTime())
}

function isFor(grant: Grant, api: string): boolean {
  return grant.api == null || grant.api === api
}
