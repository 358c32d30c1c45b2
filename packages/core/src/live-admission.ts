import type { Admission } from './admission.js'
import type { CachePolicy, Caching, CompiledPolicy } from './caching/index.js'
import { Connection, type HeldConnection, type Lease, type Ledger } from './connections/index.js'
import type { Identity } from './credentials/index.js'
import type { ResponseHead } from './head.js'
import { INSPECT } from './inspect.js'
import type { Refusal } from './refusal.js'
import type { Account, Client } from './registry.js'
import type { GateRequest } from './request.js'
import type { Stamp } from './stamp.js'

/** What all admissions of a gate have in common. */
export interface AdmissionContext {
  readonly open: Ledger<Identity>
  /** Absent in `observe` mode: responses are left as they are. */
  readonly stamp: Stamp | undefined
  readonly caching: Caching
  bodyTooLarge(admission: LiveAdmission): Refusal | undefined
}

/** An admission that holds a connection: one object for both, since there is one for each open connection. */
export class LiveAdmission extends Connection<Identity> implements Admission {
  own: CompiledPolicy | undefined = undefined

  constructor(
    private readonly context: AdmissionContext,
    className: string,
    { method, path }: GateRequest,
    identity: Identity,
    lease: Lease,
    readonly limit: number,
    readonly inUse: number,
  ) {
    super(context.open, className, path, identity, lease)
    this.method = method
  }

  readonly method: string

  get admitted(): true {
    return true
  }

  get identified(): boolean {
    return true
  }

  get account(): Account {
    return this.holder.account
  }

  get client(): Client {
    return this.holder.client
  }

  get identity(): Identity {
    return this.holder
  }

  get remaining(): number {
    return Math.max(0, this.limit - this.inUse)
  }

  cache(policy: CachePolicy): void {
    this.own = this.context.caching.compile(policy)
  }

  stamp(head: ResponseHead): void {
    this.context.stamp?.(head, this)
  }

  bodyTooLarge(): Refusal | undefined {
    return this.context.bodyTooLarge(this)
  }

  /** What a log may show: what is below leads to the request, whose fields hold the key. */
  toJSON() {
    const { admitted, account, client, connection } = this
    return { admitted, account: account.id, client: client.id, connection }
  }

  [INSPECT]() {
    return this.toJSON()
  }
}

const NOBODY: { readonly account: Account; readonly client: Client } = {
  account: Object.freeze({ id: '' }),
  client: Object.freeze({ id: '', account: '', credentials: [] }),
}

/** Lets a request by that holds no connection: skipped, or refused in `observe` mode. */
export function passWithout(context: AdmissionContext, identity?: Identity): Admission {
  return new Pass(context.caching, identity)
}

class Pass implements Admission {
  readonly admitted = true
  readonly identified: boolean
  readonly account: Account
  readonly client: Client
  readonly connection = new UncountedConnection()

  constructor(
    private readonly caching: Caching,
    identity: Identity | undefined,
  ) {
    const { account, client } = identity ?? NOBODY
    this.identified = identity !== undefined
    this.account = account
    this.client = client
  }

  cache(policy: CachePolicy): void {
    this.caching.compile(policy)
  }

  release(): void {
    this.connection.over()
  }

  stamp(): void {}
  carriedBy(): void {}
  holdUntil(): void {}
  bodyTooLarge(): undefined {}
}

/** Takes no slot; for its handler it is a connection like any other. */
class UncountedConnection implements HeldConnection {
  readonly id = ''
  readonly class = ''
  readonly since = new Date()
  #abort: AbortController | undefined
  #over = false

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#over) this.#abort.abort()
    return this.#abort.signal
  }

  over(): void {
    this.#over = true
    this.#abort?.abort()
  }

  holdUntil(): void {}
}
