import {
  StoreError,
  type Account,
  type AccountPage,
  type Client,
  type DecidedChange,
  type HistoryEntry,
  type Proposal,
  type Registration,
  type RegistryChange,
  type RegistryStorage,
  type RegistryView,
  type Soon,
} from '@api-terms/core'
import type { Database } from './database.js'
import { failure } from './failures.js'
import type { Statement } from './drivers.js'
import { HistoryTable } from './history-table.js'
import { KnownRegistrations } from './known-registrations.js'
import { RecordTables } from './record-tables.js'

const NONE: ReadonlySet<string> = new Set()
/** After so many looks at most what was read is forgotten, where something written by hand may have come unseen with an operation. */
const FORGET_AFTER = 50

/**
 * A registry's records and history in a file. What was read stays in memory until this or another process changes it: their changes are
 * looked for every `pollMs`, and before an answer is given from memory for which nobody has looked for so long.
 */
export class SqliteStorage implements RegistryStorage {
  /** Each process has a connection of its own to the file, and looks by itself. */
  readonly tellsEverywhere = true
  readonly #records: RecordTables
  readonly #history: HistoryTable
  readonly #known = new KnownRegistrations()
  readonly #dataVersion: Statement
  readonly #listeners = new Set<(change: RegistryChange) => void>()
  readonly #timer: NodeJS.Timeout
  #version: number
  /** The last entry of the history that has been heeded here. */
  #heeded: number
  #lookedAt: number
  #looks = 0
  #mayBeStale = false

  constructor(
    private readonly database: Database,
    private readonly pollMs: number,
  ) {
    this.#records = new RecordTables(database)
    this.#history = new HistoryTable(database)
    this.#dataVersion = database.prepare('PRAGMA data_version')
    this.#lookedAt = performance.now()
    this.#version = this.#versionNow()
    this.#heeded = this.#history.last()
    this.#timer = setInterval(() => this.#tell(this.#look()), pollMs).unref()
  }

  commit(
    proposal: Proposal,
    decide: (view: RegistryView, last: Date | undefined) => DecidedChange,
  ): Soon<HistoryEntry> {
    return this.database.write(
      () => {
        const change = decide(this.#records.view, this.#history.lastTime())
        this.#records.apply(change)
        return this.#history.add({ ...proposal, time: change.time }, change.concerns)
      },
      (entry) => this.#done(entry),
    )
  }

  peekByDigest(digest: string): Registration | undefined {
    if (performance.now() - this.#lookedAt > this.pollMs) this.#lookFirst()
    const known = this.#known.get(digest)
    if (known) return known
    const registration = this.#read(() => this.#records.registration(digest))
    if (registration) this.#known.set(digest, registration)
    return registration
  }

  /** Always from the file: who waits for an answer gets the latest. */
  async findByDigest(digest: string): Promise<Registration | undefined> {
    return this.#read(() => this.#records.registration(digest))
  }

  account(id: string): Account | undefined {
    return this.#read(() => this.#records.account(id))
  }

  client(id: string): Client | undefined {
    return this.#read(() => this.#records.client(id))
  }

  accounts(page: AccountPage & { readonly limit: number }): readonly Account[] {
    return this.#read(() => this.#records.accounts(page))
  }

  clientsOf(account: string): readonly Client[] {
    return this.#read(() => this.#records.clientsOf(account))
  }

  history(page: Parameters<HistoryTable['page']>[0]): readonly HistoryEntry[] {
    return this.#read(() => this.#history.page(page))
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.database.close()
    this.#known.clear()
  }

  /** What is done here is in force before it is confirmed. Entries of others that came between are left for the next look. */
  #done({ id, accounts }: HistoryEntry): void {
    this.#known.forget(new Set(accounts))
    if (id === this.#heeded + 1) this.#heeded = id
  }

  /** This process was held up: its timer is late. */
  #lookFirst(): void {
    const accounts = this.#look()
    // Not while the request is decided that looked.
    if (accounts.size > 0) setImmediate(() => this.#tell(accounts))
  }

  /** Heeds what others have done, and answers whose accounts it concerned. */
  #look(): ReadonlySet<string> {
    this.#lookedAt = performance.now()
    if (++this.#looks % FORGET_AFTER === 0 && this.#mayBeStale) {
      this.#known.clear()
      this.#mayBeStale = false
    }
    try {
      const version = this.#versionNow()
      if (version === this.#version) return NONE
      const { last, accounts } = this.#history.since(this.#heeded)
      this.#version = version
      this.#heeded = last
      // Somebody has written past the registry, by hand perhaps: nothing tells what.
      if (accounts.size === 0) this.#known.clear()
      else this.#known.forget(accounts)
      this.#mayBeStale ||= accounts.size > 0
      return accounts
    } catch {
      // Requests are not to be answered from memory while nobody knows whether it holds: they read, and fail as the file does.
      this.#known.clear()
      return NONE
    }
  }

  #tell(accounts: ReadonlySet<string>): void {
    for (const account of accounts)
      for (const listener of this.#listeners) listener({ account, everywhere: true })
  }

  #versionNow(): number {
    return (this.#dataVersion.get() as { readonly data_version: number }).data_version
  }

  #read<T>(read: () => T): T {
    if (this.database.closed) throw new StoreError('api-terms: the registry is closed')
    try {
      return read()
    } catch (cause) {
      throw failure(cause)
    }
  }
}
