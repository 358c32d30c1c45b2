import type { HistoryEntry, Proposal } from '../operations.js'
import type { AccountPage, DecidedChange, HistoryPage, RegistryStorage, RegistryView } from '../storage.js'
import type { Account, Client, Registration } from '../../registry.js'
import { keptAccount, keptClient } from './frozen.js'
import { RecordTables } from './record-tables.js'

/** Records and history in memory. Each commit is one synchronous step, so nothing can come between its parts. */
export class MemoryStorage implements RegistryStorage {
  readonly tables = new RecordTables()
  readonly #history: HistoryEntry[] = []
  readonly #view: RegistryView

  constructor() {
    const { accounts, clients, registrations } = this.tables
    this.#view = {
      account: (id) => accounts.get(id),
      client: (id) => clients.get(id),
      ownerOf: (digest) => registrations.get(digest)?.client.id,
      accountsOf: (partner) => [...accounts.values()].filter((account) => account.partner === partner),
      clientsOf: (account) => this.clientsOf(account),
    }
  }

  commit(
    proposal: Proposal,
    decide: (view: RegistryView, last: Date | undefined) => DecidedChange,
  ): HistoryEntry {
    const change = decide(this.#view, this.#history.at(-1)?.time)
    for (const id of change.removedClients ?? []) this.tables.takeClient(id)
    for (const id of change.removedAccounts ?? []) this.tables.takeAccount(id)
    for (const account of change.accounts) this.tables.putAccount(keptAccount(account))
    for (const client of change.clients) {
      this.tables.takeClient(client.id)
      this.tables.putClient(keptClient(client))
    }
    const accounts = Object.freeze([...change.concerns])
    const { time } = change
    const entry = Object.freeze({ id: this.#history.length + 1, ...proposal, time, accounts })
    this.#history.push(entry)
    return entry
  }

  peekByDigest(digest: string): Registration | undefined {
    return this.tables.registrations.get(digest)
  }

  findByDigest(digest: string): Promise<Registration | undefined> {
    return Promise.resolve(this.peekByDigest(digest))
  }

  account(id: string): Account | undefined {
    return this.tables.accounts.get(id)
  }

  client(id: string): Client | undefined {
    return this.tables.clients.get(id)
  }

  accounts({ partner, after, limit }: AccountPage & { readonly limit: number }): readonly Account[] {
    return [...this.tables.accounts.values()]
      .filter((account) => partner === undefined || account.partner === partner)
      .filter(({ id }) => after === undefined || id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
  }

  clientsOf(account: string): readonly Client[] {
    return this.tables.clientsOf(account)
  }

  /** The id of an entry is its place, counted from 1. */
  history({ account, after = 0, limit = Infinity }: HistoryPage): readonly HistoryEntry[] {
    if (account === undefined) return this.#history.slice(after, after + limit)
    const page: HistoryEntry[] = []
    for (let at = after; at < this.#history.length && page.length < limit; at++) {
      const entry = this.#history[at]
      if (entry?.accounts.includes(account)) page.push(entry)
    }
    return page
  }
}
