import type { Acceptance, Account, Client, Credential, Grant, Limits, Registry } from '../registry.js'
import type { RegistryChange } from '../registry.js'
import type {
  AccountDetails,
  Author,
  Changed,
  ClientDetails,
  HistoryEntry,
  Operation,
  Target,
} from './operations.js'
import type { AccountPage, HistoryPage, Soon } from './storage.js'

/** A key just issued, and what the registry keeps of it. */
export interface NewKey {
  /** To be shown once, to whom it is for. It can be had from nowhere else. */
  readonly key: string
  readonly digest: string
  /** What may be shown to tell keys apart. */
  readonly hint: string
  /** Names the key from now on: for `rotateKey` and `revokeKey`. */
  readonly credential: Credential & { readonly id: string }
}

/** What a key is to be like. */
export interface KeyDetails {
  /** Chosen where it is left out. */
  readonly id?: string
  /** As for `issueKey`. `key` by default. */
  readonly prefix?: string
  readonly notBefore?: Date
  readonly expiresAt?: Date
}

/**
 * A registry that can be written: accounts over time, as the Terms ask. Every operation says by whom it is done and may say why; it is
 * done whole or not at all, one after another over all processes, in force when it resolves, told to `onChange`, and in the history.
 * What makes no sense rejects with a `RegistryError`, and nothing is changed then.
 */
export interface AccountRegistry extends Registry {
  onChange(listener: (change: RegistryChange) => void): () => void

  /** Registers an account (clause 1(c)), under an id of yours or one that is chosen. */
  registerAccount(account: { readonly id?: string } & AccountDetails & Author): Promise<Account>
  /** Replaces what is registered of an account, member by member. `null` takes one away. */
  updateAccount(changes: { readonly account: string } & Changed<AccountDetails> & Author): Promise<Account>
  /** Registers a client of an account (clause 2(c)), under an id of yours or one that is chosen. It has no key yet. */
  registerClient(
    client: { readonly id?: string; readonly account: string } & ClientDetails & Author,
  ): Promise<Client>
  /** Replaces what is registered of a client, member by member. `null` takes one away. */
  updateClient(changes: { readonly client: string } & Changed<ClientDetails> & Author): Promise<Client>
  /** Notes that what is registered of an account or a client has been confirmed to be accurate (clause 1(c)). */
  verify(who: Exclude<Target, { readonly partner: string }> & Author): Promise<HistoryEntry>

  /** Makes a key for a client, and keeps its digest (clause 4(b)). */
  issueKey(key: { readonly client: string } & KeyDetails & Author): Promise<NewKey>
  /** Makes a key in place of `old`, an id or a digest, which lives on for `overlapMs`, `Infinity` included, or to its own end where that is sooner. */
  rotateKey(
    key: { readonly client: string; readonly old: string; readonly overlapMs: number } & KeyDetails & Author,
  ): Promise<NewKey>
  /** Ends a key, named by its id or its digest, at once. */
  revokeKey(key: { readonly client: string; readonly credential: string } & Author): Promise<HistoryEntry>

  /** Records that a version of the Terms has been accepted (clauses 1(a), 1(b)): by `by`, unless `acceptedBy` is another, now, or `at`. */
  acceptTerms(
    acceptance: {
      readonly client: string
      readonly version: string
      readonly entity: string
      readonly acceptedBy?: string
      readonly at?: Date
    } & Author,
  ): Promise<Acceptance>

  /** Grants limits for a while (clause 2(d)): see `Grant`. It begins and ends by itself. */
  grant(
    grant: {
      readonly account: string
      readonly id?: string
      readonly limits: Limits
      readonly consentedBy: string
      readonly api?: string
      readonly from?: Date
      readonly until?: Date
    } & Author,
  ): Promise<Grant>
  /** Takes a grant back at once. */
  withdrawGrant(grant: { readonly account: string; readonly grant: string } & Author): Promise<HistoryEntry>

  /** Suspends an account, a client, or all accounts that a partner has now (clauses 1(d), 3(a)). */
  suspend(who: Target & Author): Promise<HistoryEntry>
  /** Ends a suspension. A partner's reinstates those that were suspended with it, not those that were by themselves. */
  reinstate(who: Target & Author): Promise<HistoryEntry>
  /**
   * Ends the agreement (clause 6(a)) with an account, a client, or all accounts that a partner has now: at once, or `from` the date of
   * a notice, which can be moved, or taken back with `null`, until it has come. A partner's is moved for those that it was given to; none of
   * them ends later than by a notice of its own. Who is terminated takes no operation any more.
   */
  terminate(who: Target & { readonly from?: Date | null } & Author): Promise<HistoryEntry>

  /**
   * Does an operation given as a plain value: one of the others, or one that puts records in place as they are, or takes them away, past the
   * rules, so that who is terminated can come back by it.
   */
  perform(operation: Operation, author: Author): Promise<HistoryEntry>

  account(id: string): Soon<Account | undefined>
  client(id: string): Soon<Client | undefined>
  /** The accounts, a page at a time. */
  accounts(page?: AccountPage): Soon<readonly Account[]>
  /** The clients of an account, none where there is no such account. */
  clientsOf(account: string): Soon<readonly Client[]>
  /** What was done, in order, a page at a time: never a key. */
  history(page?: HistoryPage): Soon<readonly HistoryEntry[]>
  /** Calls the listener after each operation done here, when it is in force; returns what ends that. Other processes tell their own. */
  onOperation(listener: (entry: HistoryEntry) => void): () => void
  /** Lets go of what the registry holds: files, connections, subscriptions. */
  close(): Promise<void>
}
