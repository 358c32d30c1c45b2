import type { AccountRegistry } from '../account-registry.js'
import { applied } from '../applied.js'
import { fixedDate } from '../fixed-date.js'
import type { Author, HistoryEntry } from '../operations.js'
import type { AccountPage, HistoryPage } from '../storage.js'
import { completeClock } from '../../clock.js'
import { OptionsError } from '../../errors.js'
import type { OptionIssue } from '../../errors.js'
import type { Account, Client, Registration } from '../../registry.js'
import { accountRegistry, type AccountRegistryOptions } from '../create-registry.js'
import { frozenAccount, frozenClient } from './frozen.js'
import { MemoryStorage } from './memory-storage.js'
import { asRecording } from '../recorded.js'
import { issuesOfAccount, issuesOfRecords } from './records.js'
import type { Records } from './records.js'

/**
 * A registry whose records are in memory, and the history of its operations too, for as long as the process lives. Every change is in
 * force with the next request.
 */
export interface MemoryRegistry extends AccountRegistry {
  peekByDigest(digest: string): Registration | undefined
  /** The account with this id, as a frozen copy. */
  account(id: string): Account | undefined
  /** The client with this id, as a frozen copy. */
  client(id: string): Client | undefined
  accounts(page?: AccountPage): readonly Account[]
  clientsOf(account: string): readonly Client[]
  history(page?: HistoryPage): readonly HistoryEntry[]
  /**
   * Adds an account, or replaces the one with its id: the record as it is, past the rules of the operations. Rejects with an
   * `OptionsError` where it is wrong. In the history it is done by `provider` where no author is given.
   */
  setAccount(account: Account, author?: Author): Promise<void>
  /** Adds a client, or replaces the one with its id, in the same way. */
  setClient(client: Client, author?: Author): Promise<void>
  /** Removes an account with all its clients. Nothing happens where there is none. */
  removeAccount(id: string, author?: Author): Promise<void>
  /** Removes a client. Nothing happens where there is none. */
  removeClient(id: string, author?: Author): Promise<void>
}

const PROVIDER: Author = { by: 'provider' }

/**
 * Keeps accounts and clients in memory; what is given is copied.
 *
 * @throws OptionsError with everything that is wrong: members that are not known, ids or digests that come twice, clients of
 * no account, dates that are none, limits that are no whole numbers
 */
export function memoryRegistry(records: Records = {}, options: AccountRegistryOptions = {}): MemoryRegistry {
  refuse(issuesOfRecords(records))
  const storage = new MemoryStorage()
  start(storage, records, options)
  const registry = accountRegistry(storage, options) as MemoryRegistry
  const { tables } = storage
  asRecording(registry)

  // What is wrong with a record as such is told as it is at start-up.
  return Object.assign(registry, {
    async setAccount(account: Account, author = PROVIDER) {
      refuse(issuesOfAccount(account, 'account'))
      await registry.perform({ kind: 'set-account', account }, author)
    },
    async setClient(client: Client, author = PROVIDER) {
      refuse(tables.conflictsOf(client))
      await registry.perform({ kind: 'set-client', client }, author)
    },
    async removeAccount(id: string, author = PROVIDER) {
      if (tables.accounts.has(id)) await registry.perform({ kind: 'remove-account', account: id }, author)
    },
    async removeClient(id: string, author = PROVIDER) {
      if (tables.clients.has(id)) await registry.perform({ kind: 'remove-client', client: id }, author)
    },
  })
}

/** What a registry starts with is the first entry of its history, so that the history alone leads to its records. */
function start(storage: MemoryStorage, records: Records, { clock }: AccountRegistryOptions): void {
  const accounts = Object.freeze((records.accounts ?? []).map(frozenAccount))
  const clients = Object.freeze((records.clients ?? []).map(frozenClient))
  if (accounts.length + clients.length === 0) return
  const operation = Object.freeze({ kind: 'import', accounts, clients } as const)
  const time = fixedDate(completeClock(clock).now())
  const proposal = { ...PROVIDER, why: 'given at the start', time, operation }
  storage.commit(proposal, (view) => ({ ...applied(view, proposal), time }))
}

function refuse(issues: readonly OptionIssue[]): void {
  if (issues.length > 0) throw new OptionsError(issues)
}
