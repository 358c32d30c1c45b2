/** Whether an account or a client may use the API. Absent: `active`. */
export type Status = 'active' | 'suspended' | 'terminated'

/**
 * How many connections of each class an account may have open at once on an API (clause 2(d)).
 * A whole number of connections, 0 to block, or `Infinity`.
 */
export type Limits = Readonly<Record<string, number>>

/**
 * How to reach whom, by what for, e.g. `{ technical: 'dev@acme.example', billing: '+1 555 0100' }` (clause 1(c)). Which are needed is
 * for the provider to say.
 */
export type Contacts = Readonly<Record<string, string>>

/** Limits that the provider consented to for a while, over those of the account (clause 2(d)). */
export interface Grant {
  readonly id: string
  /** The API it is for, by `GateOptions.api`. Absent: every API. */
  readonly api?: string
  /** Classes left out keep what they have. Of two grants in force for a class the later in the list holds. */
  readonly limits: Limits
  /** Who, on the provider's side, consented. */
  readonly consentedBy: string
  /** In force from this moment on. Absent: from the beginning. */
  readonly from?: Date
  /** In force until just before this moment. Absent: until it is withdrawn. */
  readonly until?: Date
}

/** A version of the Terms, accepted by someone who may bind the entity (clauses 1(a), 1(b)). */
export interface Acceptance {
  /** As `terms.versions` names it. */
  readonly version: string
  readonly at: Date
  /** Who accepted. */
  readonly by: string
  /** The company or person who is bound by it. */
  readonly entity: string
}

/** A customer of the provider. Limits count per account, over all its clients and credentials. */
export interface Account {
  readonly id: string
  readonly name?: string
  /** Looked at on every request. Absent: `active`. */
  readonly status?: Status
  /** What the provider granted beyond, or below, the limits of the gate; classes left out keep the gate's. */
  readonly limits?: Limits
  /** The partner through whom the account has the API (clause 1(d)). */
  readonly partner?: string
  readonly contacts?: Contacts
  /** When what is registered was last confirmed to be accurate (clause 1(c)). */
  readonly verifiedAt?: Date
  /** In the order in which they were granted. Looked at on every request: they begin and end by themselves. */
  readonly grants?: readonly Grant[]
  /** Notice was given: terminated from this moment on (clause 6(a)). */
  readonly terminatesAt?: Date
  /** Suspended because its partner is, and reinstated with it (clause 1(d)). */
  readonly suspendedWithPartner?: true
  /** The notice was given to its partner, and is moved or taken back with the partner's (clause 1(d)). */
  readonly terminatesWithPartner?: true
  /** The date of its own notice, where that of its partner comes before. */
  readonly ownNotice?: Date
}

/** An application registered under an account ("API Client" in the Terms). */
export interface Client {
  readonly id: string
  /** The id of the account it belongs to. */
  readonly account: string
  readonly name?: string
  /** Looked at on every request. Absent: `active`. */
  readonly status?: Status
  /** The APIs the client may use, by `GateOptions.api`. Absent: every API. */
  readonly apis?: readonly string[]
  readonly credentials: readonly Credential[]
  readonly contacts?: Contacts
  /** When what is registered was last confirmed to be accurate (clause 1(c)). */
  readonly verifiedAt?: Date
  readonly privacyPolicyUrl?: string
  /** Where it may call from: addresses or CIDR blocks, IPv4 and IPv6. Absent: from anywhere (clause 2(c)). */
  readonly networks?: readonly string[]
  /** The versions of the Terms it has accepted, the last one last. */
  readonly acceptances?: readonly Acceptance[]
  /** Notice was given: terminated from this moment on (clause 6(a)). */
  readonly terminatesAt?: Date
}

/** A key of a client: its digest, never the key. */
export interface Credential {
  readonly id?: string
  /** SHA-256 of the whole key, 64 lower-case hexadecimal digits, as {@link issueKey} returns it. */
  readonly digest: string
  /** What may be shown to tell keys apart, as {@link issueKey} returns it. */
  readonly hint?: string
  /** Good from this moment on. Absent: from the beginning. */
  readonly notBefore?: Date
  /** Good until just before this moment. Absent: for ever. */
  readonly expiresAt?: Date
  /** Refused from this moment on. */
  readonly revokedAt?: Date
  /** Refused, whatever a clock says: it was revoked, or replaced, at once. When, `revokedAt` or `expiresAt` tells. */
  readonly ended?: true
}

/** Whose a credential is. */
export interface Registration {
  readonly account: Account
  readonly client: Client
  readonly credential: Credential
}

/** What changed: every credential, client and status of this account is to be looked up afresh. */
export interface RegistryChange {
  readonly account: string
  /** The registry tells every process of it by itself: the gate need not pass it on. */
  readonly everywhere?: true
}

/**
 * Where accounts, clients and credentials are looked up. A provider with a database of its own implements
 * `findByDigest`, and `onChange` where it can tell of changes; without `onChange` a change takes effect within
 * `credentials.cacheMs`.
 */
export interface Registry {
  /** The registration whose credential has this digest, or `undefined`. May reject: the gate then answers 503. */
  findByDigest(digest: string): Promise<Registration | undefined>
  /**
   * The same, answered at once, by a registry whose records are in memory. Where it is there, the gate calls it instead
   * of `findByDigest` and caches nothing, so that a change is in force with the next request.
   */
  peekByDigest?(digest: string): Registration | undefined
  /** Calls the listener after each change; returns what ends that. */
  onChange?(listener: (change: RegistryChange) => void): () => void
}
