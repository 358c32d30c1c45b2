import type { Account, Client, Registration, RegistryChange } from '../registry.js'
import type { HistoryEntry, Proposal } from './operations.js'

/** The records as they are before an operation. */
export interface RegistryView {
  account(id: string): Account | undefined
  client(id: string): Client | undefined
  /** The id of the client that has a credential with this digest. */
  ownerOf(digest: string): string | undefined
  /** The accounts of a partner. */
  accountsOf(partner: string): readonly Account[]
  /** The clients of an account. */
  clientsOf(account: string): readonly Client[]
}

/** What an operation makes of the records: first what is removed goes, then what is put takes the place of what has its id. */
export interface RecordChange {
  readonly removedAccounts?: readonly string[]
  readonly removedClients?: readonly string[]
  readonly accounts: readonly Account[]
  readonly clients: readonly Client[]
  /** The accounts whose requests may be answered otherwise from now on: for `HistoryEntry.accounts` and `onChange`. */
  readonly concerns: readonly string[]
}

/** What an operation makes of the records, and when. */
export interface DecidedChange extends RecordChange {
  /** For the entry of the history, in place of the time at which the operation was asked for. */
  readonly time: Date
}

/** Which part of the history: entries with ids above `after`, in order, so many at most. */
export interface HistoryPage {
  /** Only what concerned this account. */
  readonly account?: string
  /** 0 by default. */
  readonly after?: number
  /** A whole number, 1 or more. 100 by default. */
  readonly limit?: number
}

/** Which accounts: those with ids after `after`, in the storage's order of ids, so many at most. */
export interface AccountPage {
  /** Only those of this partner. */
  readonly partner?: string
  readonly after?: string
  /** A whole number, 1 or more. 100 by default. */
  readonly limit?: number
}

/** At once, or later. */
export type Soon<T> = T | Promise<T>

/**
 * Where a registry's records and history are kept: all that differs between a registry in memory and one in a database.
 * What it gives out is frozen, or a copy.
 */
export interface RegistryStorage {
  /**
   * Does an operation, whole or not at all, one at a time over all processes, and in the order of the calls: shows `decide` the records and
   * when the last entry of the history was done, stores what it answers, and adds the entry, with the next id and the time that it answers,
   * to the history. `decide` is synchronous and has no effects: a storage that finds, as it commits, that the records have changed since, or
   * that an entry of a later time has come, calls it again with the new ones. Where it throws, nothing is stored and the storage throws the
   * same. A storage that has to wait for its records reads those that `needsOf` names, and shows them with `viewOf`.
   */
  commit(
    proposal: Proposal,
    decide: (view: RegistryView, last: Date | undefined) => DecidedChange,
  ): Soon<HistoryEntry>
  findByDigest(digest: string): Promise<Registration | undefined>
  /** See `Registry.peekByDigest`. */
  peekByDigest?(digest: string): Registration | undefined
  account(id: string): Soon<Account | undefined>
  client(id: string): Soon<Client | undefined>
  accounts(page: AccountPage & { readonly limit: number }): Soon<readonly Account[]>
  clientsOf(account: string): Soon<readonly Client[]>
  history(page: Required<Omit<HistoryPage, 'account'>> & HistoryPage): Soon<readonly HistoryEntry[]>
  /** Tells of operations done by other processes. Those of its own are announced without it; telling them too does no harm. */
  onChange?(listener: (change: RegistryChange) => void): () => void
  /** Every process that has this storage hears of an operation by its own `onChange`: for `RegistryChange.everywhere`. */
  readonly tellsEverywhere?: true
  close?(): Promise<void>
}
