import { RegistryError } from '../errors.js'
import type { Account, Client } from '../registry.js'
import { statusInForce } from './in-force.js'
import type { RecordChange, RegistryView } from './storage.js'

// What an operation works on. Who is terminated takes no operation any more, and so does not come back (clause 6(a)).

export function accountOf(view: RegistryView, id: string, time: Date): Account {
  const account = view.account(id)
  if (!account) throw new RegistryError('unknown', `there is no account ${id}`)
  if (statusInForce(account, time.getTime()) === 'terminated') {
    throw new RegistryError('terminated', `account ${id} is terminated`)
  }
  return account
}

export function clientOf(view: RegistryView, id: string, time: Date): Client {
  const client = view.client(id)
  if (!client) throw new RegistryError('unknown', `there is no client ${id}`)
  if (statusInForce(client, time.getTime()) === 'terminated') {
    throw new RegistryError('terminated', `client ${id} is terminated`)
  }
  accountOf(view, client.account, time)
  return client
}

export function changedAccounts(...accounts: readonly Account[]): RecordChange {
  return { accounts, clients: [], concerns: accounts.map(({ id }) => id) }
}

export function changedClient(client: Client): RecordChange {
  return { accounts: [], clients: [client], concerns: [client.account] }
}

/** A record with changes: `null` or `undefined` takes a member away, since what is absent is not there at all. */
export function altered<T extends object>(
  record: T,
  changes: { readonly [Name in keyof T]?: T[Name] | null | undefined },
): T {
  const entries = Object.entries({ ...record, ...changes }).filter(([, value]) => value != null)
  return Object.fromEntries(entries) as T
}
