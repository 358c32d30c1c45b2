import { OptionsError } from '../errors.js'
import type { OptionIssue } from '../errors.js'
import type { Account, Client, Registration, Registry, RegistryChange } from '../registry.js'
import { createListeners } from './listeners.js'
import { frozenAccount, frozenClient } from './frozen.js'
import { RecordTables } from './record-tables.js'
import { issuesOfAccount, issuesOfRecords } from './records.js'
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
  const tables = new RecordTables()
  const { accounts, clients, registrations } = tables
  const { announce, onChange } = createListeners()

  for (const account of records.accounts ?? []) tables.putAccount(frozenAccount(account))
  for (const client of records.clients ?? []) tables.putClient(frozenClient(client))

  const registry: Omit<MemoryRegistry, 'peekByDigest'> = {
    findByDigest: (digest) => Promise.resolve(registrations.get(digest)),
    onChange,
    account: (id) => accounts.get(id),
    client: (id) => clients.get(id),
    // Each change is one synchronous step, so nothing can come between its parts; it is announced when it is in force.
    async setAccount(account) {
      refuse(issuesOfAccount(account, 'account'))
      tables.putAccount(frozenAccount(account))
      announce(account.id)
    },
    async setClient(client) {
      refuse(tables.conflictsOf(client))
      const copy = frozenClient(client)
      const before = tables.takeClient(copy.id)
      tables.putClient(copy)
      if (before && before.account !== copy.account) announce(before.account)
      announce(copy.account)
    },
    async removeAccount(id) {
      if (tables.takeAccount(id)) announce(id)
    },
    async removeClient(id) {
      const client = tables.takeClient(id)
      if (client) announce(client.account)
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
