import { RegistryError } from '../errors.js'
import type { Account, Client } from '../registry.js'
import { accountOf, altered, changedAccounts, changedClient, clientOf } from './found.js'
import { statusInForce } from './in-force.js'
import type { OperationOf } from './operations.js'
import type { RecordChange, RegistryView } from './storage.js'

// Whether an account or a client may use the API (clauses 1(d), 3(a), 6(a)).

export function suspended(view: RegistryView, operation: OperationOf<'suspend'>, time: Date): RecordChange {
  if ('partner' in operation) {
    const active = livingAccountsOf(view, operation.partner, time).filter(
      ({ status }) => status !== 'suspended',
    )
    if (active.length === 0) throw alreadySuspended(`every account of partner ${operation.partner}`)
    const changes = { status: 'suspended', suspendedWithPartner: true } as const
    return changedAccounts(...active.map((account) => altered(account, changes)))
  }
  if ('client' in operation) {
    const client = clientOf(view, operation.client, time)
    if (client.status === 'suspended') throw alreadySuspended(`client ${client.id}`)
    return changedClient(altered(client, { status: 'suspended' }))
  }
  const account = accountOf(view, operation.account, time)
  const wasByItself = account.status === 'suspended' && !account.suspendedWithPartner
  if (wasByItself) throw alreadySuspended(`account ${account.id}`)
  // From now on by itself: it stays suspended when its partner is reinstated.
  return changedAccounts(altered(account, { status: 'suspended', suspendedWithPartner: null }))
}

export function reinstated(
  view: RegistryView,
  operation: OperationOf<'reinstate'>,
  time: Date,
): RecordChange {
  const active = { status: 'active', suspendedWithPartner: null } as const
  if ('partner' in operation) {
    const accounts = livingAccountsOf(view, operation.partner, time).filter(
      (each) => each.suspendedWithPartner,
    )
    if (accounts.length === 0) throw notSuspended(`partner ${operation.partner}`)
    return changedAccounts(...accounts.map((account) => altered(account, active)))
  }
  if ('client' in operation) {
    const client = clientOf(view, operation.client, time)
    if (client.status !== 'suspended') throw notSuspended(`client ${client.id}`)
    return changedClient(altered(client, { status: 'active' }))
  }
  const account = accountOf(view, operation.account, time)
  if (account.status !== 'suspended') throw notSuspended(`account ${account.id}`)
  return changedAccounts(altered(account, active))
}

/** A notice can be moved while its date has not come. */
export function terminated(
  view: RegistryView,
  operation: OperationOf<'terminate'>,
  time: Date,
): RecordChange {
  const { from } = operation
  const notice = from && from > time ? from : undefined
  if ('partner' in operation) {
    const accounts = livingAccountsOf(view, operation.partner, time)
    // The end of the partner does not put off the end of an account.
    return changedAccounts(
      ...accounts.map((account) => ended(account, earlier(notice, account.terminatesAt))),
    )
  }
  return 'client' in operation
    ? changedClient(ended(clientOf(view, operation.client, time), notice))
    : changedAccounts(ended(accountOf(view, operation.account, time), notice))
}

function ended<T extends Account | Client>(record: T, notice: Date | undefined): T {
  const ends: Partial<Record<keyof Account, unknown>> = notice
    ? { terminatesAt: notice }
    : { status: 'terminated', terminatesAt: null, suspendedWithPartner: null }
  return altered<object>(record, ends) as T
}

function earlier(notice: Date | undefined, other: Date | undefined): Date | undefined {
  return notice && other && other < notice ? other : notice
}

function livingAccountsOf(view: RegistryView, partner: string, time: Date): readonly Account[] {
  const accounts = view.accountsOf(partner)
  if (accounts.length === 0) throw new RegistryError('unknown', `no account belongs to partner ${partner}`)
  const living = accounts.filter((account) => statusInForce(account, time.getTime()) !== 'terminated')
  if (living.length === 0)
    throw new RegistryError('terminated', `every account of partner ${partner} is terminated`)
  return living
}

function alreadySuspended(who: string): RegistryError {
  return new RegistryError('already-suspended', `${who} is suspended already`)
}

function notSuspended(who: string): RegistryError {
  return new RegistryError('not-suspended', `${who} is not suspended`)
}
