import { RegistryError } from '../errors.js'
import type { Account, Client } from '../registry.js'
import { accountOf, altered, changedAccounts, changedClient, clientOf } from './found.js'
import type { OperationOf } from './operations.js'
import { OF_ITS_OWN } from './notice.js'
import type { RecordChange, RegistryView } from './storage.js'

// Accounts and clients, and what is registered of them (clauses 1(c), 1(d)).

export function registeredAccount(
  view: RegistryView,
  { account: id, details }: OperationOf<'register-account'>,
  time: Date,
): RecordChange {
  if (view.account(id)) throw new RegistryError('duplicate', `there is an account ${id} already`)
  return changedAccounts(altered<Account>({ id, verifiedAt: time }, details))
}

export function registeredClient(
  view: RegistryView,
  { client: id, account, details }: OperationOf<'register-client'>,
  time: Date,
): RecordChange {
  accountOf(view, account, time)
  if (view.client(id)) throw new RegistryError('duplicate', `there is a client ${id} already`)
  return changedClient(altered<Client>({ id, account, credentials: [], verifiedAt: time }, details))
}

export function updatedAccount(
  view: RegistryView,
  { account: id, changes }: OperationOf<'update-account'>,
  time: Date,
  rules: number,
): RecordChange {
  const account = accountOf(view, id, time)
  const leaves = changes.partner !== undefined && changes.partner !== (account.partner ?? null)
  // Who leaves a suspended partner is suspended by itself: no other partner's reinstatement is to lift that. So it is with a notice.
  const byItself = { suspendedWithPartner: null, ...(rules >= 2 && OF_ITS_OWN) }
  return changedAccounts(altered(altered(account, changes), leaves ? byItself : {}))
}

export function updatedClient(
  view: RegistryView,
  { client, changes }: OperationOf<'update-client'>,
  time: Date,
): RecordChange {
  return changedClient(altered(clientOf(view, client, time), changes))
}

export function verified(view: RegistryView, operation: OperationOf<'verify'>, time: Date): RecordChange {
  const verifiedAt = { verifiedAt: time }
  return 'client' in operation
    ? changedClient(altered(clientOf(view, operation.client, time), verifiedAt))
    : changedAccounts(altered(accountOf(view, operation.account, time), verifiedAt))
}
