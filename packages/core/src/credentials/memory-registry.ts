import { OptionsError } from '../errors.js'
import type { OptionIssue } from '../errors.js'
import type { Account, Client, Registration, Registry, RegistryChange } from '../registry.js'
import { createListeners } from './listeners.js'
import { frozenAccount, frozenClient } from './frozen.js'
import { RecordedRegistration } from './recorded.js'
import { issuesOfAccount, issuesOfClient, issuesOfRecords, NO_ACCOUNT, SAME_DIGEST } from './records.js'
import type { Records } from './records.js'

/** A registry whose records are in memory. Every change is in force with the next request. */
export interface MemoryRegistry extends Registry {
  peekByDigest(digest: string): Registration | undefined
  onChange(listener: (change: RegistryChange) => void): () => void
  /** The account with this id, as a frozen copy. */
  account(id: string): Account | undefined
  /** The client with this id, as a frozen copy. */
  client(id: string): Client | undefined
  /** Adds an account, or replaces the one with its id. Rejects with an `OptionsError` where it is wrong. */
  setAccount(account: Account): Promise<void>
  /** Adds a client, or replaces the one with its id. Rejects with an `OptionsError` where it is wrong. */
  setClient(client: Client): Promise<void>
  /** Removes an account with all its clients. Nothing happens where there is none. */
  removeAccount(id: string): Promise<void>
  /** Removes a client. Nothing happens where there is none. */
  removeClient(id: string): Promise<void>
}

/**
 * Keeps accounts and clients in memory; what is given is copied.
 *
 * @throws OptionsError with everything that is wrong: members that are not known, ids or digests that come twice, clients of
 * no account, dates that are none, limits that are no whole numbers
 */
export function memoryRegistry(records: Records = {}): MemoryRegistry {
  refuse(issuesOfRecords(records))
  const accounts = new Map<string, Account>()
  const clients = new Map<string, Client>()
  const clientsOf = new Map<string, Set<string>>()
  const registrations = new Map<string, Registration>()
  const { announce, onChange } = createListeners()

  const register = (account: Account, client: Client): void => {
    for (const credential of client.credentials) {
      registrations.set(credential.digest, new RecordedRegistration(account, client, credential))
    }
  }

  const putAccount = (account: Account): void => {
    accounts.set(account.id, account)
    for (const id of clientsOf.get(account.id) ?? []) register(account, clients.get(id) as Client)
  }

  const takeClient = (client: Client): void => {
    clients.delete(client.id)
    const others = clientsOf.get(client.account)
    others?.delete(client.id)
    if (others?.size === 0) clientsOf.delete(client.account)
    for (const { digest } of client.credentials) registrations.delete(digest)
  }

  const putClient = (client: Client): void => {
    clients.set(client.id, client)
    const ids = clientsOf.get(client.account) ?? new Set()
    clientsOf.set(client.account, ids.add(client.id))
    register(accounts.get(client.account) as Account, client)
  }

  /** What only shows beside the other records. */
  const conflictsOf = (client: Client): OptionIssue[] => {
    const issues = issuesOfClient(client, 'client')
    if (issues.length > 0) return issues
    if (!accounts.has(client.account)) issues.push({ path: 'client.account', message: NO_ACCOUNT })
    const digests = new Set<string>()
    client.credentials.forEach(({ digest }, i) => {
      const owner = registrations.get(digest)?.client.id ?? client.id
      if (digests.has(digest) || owner !== client.id) {
        issues.push({ path: `client.credentials[${i}].digest`, message: SAME_DIGEST })
      }
      digests.add(digest)
    })
    return issues
  }

  for (const account of records.accounts ?? []) accounts.set(account.id, frozenAccount(account))
  for (const client of records.clients ?? []) putClient(frozenClient(client))

  const registry: Omit<MemoryRegistry, 'peekByDigest'> = {
    findByDigest: (digest) => Promise.resolve(registrations.get(digest)),
    onChange,
    account: (id) => accounts.get(id),
    client: (id) => clients.get(id),
    // Each change is one synchronous step, so nothing can come between its parts; it is announced when it is in force.
    async setAccount(account) {
      refuse(issuesOfAccount(account, 'account'))
      putAccount(frozenAccount(account))
      announce(account.id)
    },
    async setClient(client) {
      refuse(conflictsOf(client))
      const copy = frozenClient(client)
      const before = clients.get(copy.id)
      if (before) takeClient(before)
      putClient(copy)
      if (before && before.account !== copy.account) announce(before.account)
      announce(copy.account)
    },
    async removeAccount(id) {
      if (!accounts.delete(id)) return
      for (const client of clientsOf.get(id) ?? []) takeClient(clients.get(client) as Client)
      announce(id)
    },
    async removeClient(id) {
      const client = clients.get(id)
      if (!client) return
      takeClient(client)
      announce(client.account)
    },
  }
  // Not copied by `{ ...registry, findByDigest }`: who puts a function of its own in the place of ours means that to be asked.
  return Object.defineProperty(registry, 'peekByDigest', {
    value: (digest: string) => registrations.get(digest),
  }) as MemoryRegistry
}

function refuse(issues: readonly OptionIssue[]): void {
  if (issues.length > 0) throw new OptionsError(issues)
}
