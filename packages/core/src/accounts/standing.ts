import { RegistryError } from '../errors.js'
import type { Account } from '../registry.js'
import { accountOf, altered, changedAccounts, changedClient, clientOf } from './found.js'
import { statusInForce } from './in-force.js'
import type { OperationOf } from './operations.js'
import type { RecordChange, RegistryView } from './storage.js'

// Whether an account or a client may use the API (clauses 1(d), 3(a)).

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

export function livingAccountsOf(view: RegistryView, partner: string, time: Date): readonly Account[] {
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
