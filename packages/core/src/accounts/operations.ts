import type { Account, Client, Contacts, Credential, Grant, Limits } from '../registry.js'

/** What is registered of an account (clauses 1(c), 1(d)). */
export interface AccountDetails {
  readonly name?: string
  readonly contacts?: Contacts
  readonly partner?: string
  /** In place of the limits of the gate, for good. For a while, or with somebody's consent: a grant. */
  readonly limits?: Limits
}

/** What is registered of a client (clauses 1(c), 2(c)). */
export interface ClientDetails {
  readonly name?: string
  /** The APIs granted. Absent: every API. */
  readonly apis?: readonly string[]
  readonly contacts?: Contacts
  readonly privacyPolicyUrl?: string
  /** Where it may call from: addresses or CIDR blocks. Absent: from anywhere. */
  readonly networks?: readonly string[]
}

/** Members to be replaced; `null` takes one away, and what is left out stays. */
export type Changed<Details> = { readonly [Name in keyof Details]?: Details[Name] | null }

/** Whom an operation is about: an account, a client, or all accounts of a partner that there are. */
export type Target = { readonly account: string } | { readonly client: string } | { readonly partner: string }

/** What can be done to records, as plain values: what the history keeps, and what it is replayed from. */
export type Operation =
  | { readonly kind: 'register-account'; readonly account: string; readonly details: AccountDetails }
  | { readonly kind: 'update-account'; readonly account: string; readonly changes: Changed<AccountDetails> }
  | {
      readonly kind: 'register-client'
      readonly client: string
      readonly account: string
      readonly details: ClientDetails
    }
  | { readonly kind: 'update-client'; readonly client: string; readonly changes: Changed<ClientDetails> }
  /** What is registered has been confirmed to be accurate (clause 1(c)). */
  | ({ readonly kind: 'verify' } & Exclude<Target, { readonly partner: string }>)
  | { readonly kind: 'issue-key'; readonly client: string; readonly credential: Credential }
  /** The old key, named by its id or else its digest, lives on for so many ms, or to its own end where that is sooner. */
  | {
      readonly kind: 'rotate-key'
      readonly client: string
      readonly old: string
      readonly credential: Credential
      readonly overlapMs: number
    }
  | { readonly kind: 'revoke-key'; readonly client: string; readonly credential: string }
  /** `acceptedBy` accepted for `entity`: at a time that is past, or by default now. */
  | {
      readonly kind: 'accept-terms'
      readonly client: string
      readonly version: string
      readonly acceptedBy: string
      readonly entity: string
      readonly at?: Date
    }
  | { readonly kind: 'grant'; readonly account: string; readonly grant: Grant }
  | { readonly kind: 'withdraw-grant'; readonly account: string; readonly grant: string }
  | ({ readonly kind: 'suspend' } & Target)
  | ({ readonly kind: 'reinstate' } & Target)
  /** `from`: the date given in a notice (clause 6(a)). Absent, or past: at once. `null` takes the notice back. */
  | ({ readonly kind: 'terminate'; readonly from?: Date | null } & Target)
  /** Records as they are, in place of what there was: past the rules of the other operations. */
  | { readonly kind: 'set-account'; readonly account: Account }
  | { readonly kind: 'set-client'; readonly client: Client }
  | { readonly kind: 'remove-account'; readonly account: string }
  | { readonly kind: 'remove-client'; readonly client: string }
  /** Records taken over from elsewhere, none of which may be there already. */
  | { readonly kind: 'import'; readonly accounts: readonly Account[]; readonly clients: readonly Client[] }

/** The operations of a kind. */
export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { readonly kind: Kind }>

/** Who does something, and why. */
export interface Author {
  /** Who does it, as the history is to tell: never empty. */
  readonly by: string
  readonly why?: string
}

/** One operation that was done. What is in the history is never altered. */
export interface HistoryEntry extends Author {
  /** Counts up from 1, in the order in which operations took effect. */
  readonly id: number
  readonly time: Date
  readonly operation: Operation
  /** The accounts it concerned. */
  readonly accounts: readonly string[]
  /** By which rules of its kind it was decided, counted from 1; absent: by the first. They decide what it leads to when it is done again. */
  readonly rules?: number
}

/** An operation that is about to be done; `time` is when it was asked for. */
export type Proposal = Omit<HistoryEntry, 'id' | 'accounts'>
