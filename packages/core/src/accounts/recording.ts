import { RegistryError } from '../errors.js'
import type { Client } from '../registry.js'
import { changedAccounts, changedClient } from './found.js'
import type { OperationOf } from './operations.js'
import type { RecordChange, RegistryView } from './storage.js'

// Records put in place as they are, and taken away.

export function setAccount({ account }: OperationOf<'set-account'>): RecordChange {
  return changedAccounts(account)
}

export function setClient(view: RegistryView, { client }: OperationOf<'set-client'>): RecordChange {
  if (!view.account(client.account))
    throw new RegistryError('unknown', `there is no account ${client.account}`)
  refuseSharedDigests(view, [client])
  const before = view.client(client.id)
  const change = changedClient(client)
  return before && before.account !== client.account
    ? { ...change, concerns: [before.account, client.account] }
    : change
}

export function removedAccount(
  view: RegistryView,
  { account: id }: OperationOf<'remove-account'>,
): RecordChange {
  if (!view.account(id)) throw new RegistryError('unknown', `there is no account ${id}`)
  const removedClients = view.clientsOf(id).map((client) => client.id)
  return { removedAccounts: [id], removedClients, accounts: [], clients: [], concerns: [id] }
}

export function removedClient(
  view: RegistryView,
  { client: id }: OperationOf<'remove-client'>,
): RecordChange {
  const client = view.client(id)
  if (!client) throw new RegistryError('unknown', `there is no client ${id}`)
  return { removedClients: [id], accounts: [], clients: [], concerns: [client.account] }
}

export function imported(view: RegistryView, { accounts, clients }: OperationOf<'import'>): RecordChange {
  const ids = new Set<string>()
  for (const { id } of accounts) {
    if (ids.has(id) || view.account(id))
      throw new RegistryError('duplicate', `there is an account ${id} already`)
    ids.add(id)
  }
  const clientIds = new Set<string>()
  for (const { id, account } of clients) {
    if (clientIds.has(id) || view.client(id))
      throw new RegistryError('duplicate', `there is a client ${id} already`)
    clientIds.add(id)
    if (!ids.has(account) && !view.account(account))
      throw new RegistryError('unknown', `there is no account ${account}`)
  }
  refuseSharedDigests(view, clients)
  return { accounts, clients, concerns: [...new Set([...ids, ...clients.map(({ account }) => account)])] }
}

function refuseSharedDigests(view: RegistryView, clients: readonly Client[]): void {
  const seen = new Set<string>()
  for (const { id, credentials } of clients) {
    for (const { digest } of credentials) {
      if (seen.has(digest) || (view.ownerOf(digest) ?? id) !== id) {
        throw new RegistryError('duplicate', 'a digest comes twice: every credential needs a key of its own')
      }
      seen.add(digest)
    }
  }
}
