/** Whether an account or a client may use the API. Absent: `active`. */
export type Status = 'active' | 'suspended' | 'terminated'

/**
 * How many connections of each class an account may have open at once on an API (clause 2(d)).
 * A whole number of connections, 0 to block, or `Infinity`.
 */
export type Limits = Readonly<Record<string, number>>

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
}

/** A key of a client: its digest, never the key. */
export interface Credential {
  readonly id?: string
  /** SHA-256 of the whole key, 64 lower-case hexadecimal digits, as {@link issueKey} returns it. */
  readonly digest: string
  /** Good from this moment on. Absent: from the beginning. */
  readonly notBefore?: Date
  /** Good until just before this moment. Absent: for ever. */
  readonly expiresAt?: Date
  /** Refused from this moment on. */
  readonly revokedAt?: Date
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
