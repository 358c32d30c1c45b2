import { Mutex } from 'async-mutex'
import { isDeepStrictEqual } from 'node:util'
import {
  needsOf,
  readRecord,
  viewOf,
  writtenRecord,
  type Account,
  type AccountPage,
  type Client,
  type HistoryEntry,
  type HistoryPage,
  type Operation,
  type Proposal,
  type RecordChange,
  type Registration,
  type RegistryChange,
  type RegistryStorage,
} from '@api-terms/core'
import { MemoryStorage } from '../src/accounts/memory/memory-storage.js'

type Decide = Parameters<RegistryStorage['commit']>[1]

/** What processes share, as they share a database: records, and who hears of changes. */
export class SharedRecords {
  readonly storage = new MemoryStorage()
  readonly listeners = new Set<(change: RegistryChange) => void>()
  commits = 0
  conflicts = 0
}

/** A storage that has to wait for its records, and finds out as it commits that another process was faster: one process's way to them. */
export class FetchingStorage implements RegistryStorage {
  readonly tellsEverywhere = true
  readonly #shared: SharedRecords
  readonly #one = new Mutex()

  constructor(shared: SharedRecords) {
    this.#shared = shared
  }

  commit(proposal: Proposal, decide: Decide): Promise<HistoryEntry> {
    return this.#one.runExclusive(async () => {
      let entry: HistoryEntry | undefined
      // oxlint-disable-next-line no-await-in-loop -- until nobody was faster
      while (!entry) entry = await this.#attempt(proposal, decide)
      for (const account of entry.accounts)
        for (const listener of this.#shared.listeners) setImmediate(listener, { account, everywhere: true })
      return entry
    })
  }

  async #attempt(proposal: Proposal, decide: Decide): Promise<HistoryEntry | undefined> {
    const { commits } = this.#shared
    const view = viewOf(copied(this.#fetch(proposal.operation)))
    const last = this.#shared.storage.history({ after: commits - 1 })[0]?.time
    await passed()
    const change = copied(decide(view, last))
    await passed()
    if (commits !== this.#shared.commits) {
      this.#shared.conflicts++
      return undefined
    }
    this.#shared.commits++
    return this.#shared.storage.commit(copied(proposal), (everything) => {
      if (!isSame(change, () => copied(decide(everything, last))))
        throw new Error(`needsOf leaves out what ${proposal.operation.kind} is decided by`)
      return change
    })
  }

  /** What `needsOf` names, and nothing else. */
  #fetch(operation: Operation): { accounts: Account[]; clients: Client[] } {
    const { storage } = this.#shared
    const needs = needsOf(operation)
    const owners = needs.digests.map((digest) => storage.peekByDigest(digest)?.client)
    const clients = [
      ...needs.clients.map((id) => storage.client(id)),
      ...owners,
      ...needs.clientsOf.flatMap((account) => storage.clientsOf(account)),
    ].filter((client) => client !== undefined)
    const accounts = [
      ...needs.accounts.map((id) => storage.account(id)),
      ...clients.map(({ account }) => storage.account(account)),
      ...needs.partners.flatMap((partner) => storage.accounts({ partner, limit: Infinity })),
    ].filter((account) => account !== undefined)
    return { accounts, clients }
  }

  async findByDigest(digest: string): Promise<Registration | undefined> {
    await passed()
    return this.#shared.storage.findByDigest(digest)
  }

  async account(id: string): Promise<Account | undefined> {
    await passed()
    return this.#shared.storage.account(id)
  }

  async client(id: string): Promise<Client | undefined> {
    await passed()
    return this.#shared.storage.client(id)
  }

  async accounts(page: AccountPage & { readonly limit: number }): Promise<readonly Account[]> {
    await passed()
    return this.#shared.storage.accounts(page)
  }

  async clientsOf(account: string): Promise<readonly Client[]> {
    await passed()
    return this.#shared.storage.clientsOf(account)
  }

  async history(page: HistoryPage): Promise<readonly HistoryEntry[]> {
    await passed()
    return this.#shared.storage.history(page)
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#shared.listeners.add(listener)
    return () => void this.#shared.listeners.delete(listener)
  }
}

/** Over to the others, as while a database is waited for. */
function passed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isSame(change: RecordChange, decide: () => RecordChange): boolean {
  try {
    return isDeepStrictEqual(change, decide())
  } catch {
    return false
  }
}

/** As it comes back from a database. */
function copied<T>(value: T): T {
  return readRecord(writtenRecord(value)) as T
}
