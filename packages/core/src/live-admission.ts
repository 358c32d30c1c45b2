import type { Admission } from './admission.js'
import type { CachePolicy, Caching, CompiledPolicy } from './caching/index.js'
import type { Carrier } from './carrier.js'
import type { Connection, HeldConnection } from './connections/index.js'
import type { Identity } from './credentials/index.js'
import type { ResponseHead } from './head.js'
import { INSPECT } from './inspect.js'
import type { Refusal } from './refusal.js'
import type { Account, Client } from './registry.js'
import type { Stamp } from './stamp.js'

/** What all admissions of a gate have in common. */
export interface AdmissionContext {
  /** Absent in `observe` mode: responses are left as they are. */
  readonly stamp: Stamp | undefined
  readonly caching: Caching
  bodyTooLarge(admission: LiveAdmission): Refusal | undefined
}

/** An admission that holds a connection. */
export class LiveAdmission implements Admission {
  own: CompiledPolicy | undefined = undefined

  constructor(
    private readonly context: AdmissionContext,
    private readonly held: Connection<Identity>,
    readonly method: string,
    readonly limit: number,
    readonly inUse: number,
  ) {}

  get admitted(): true {
    return true
  }

  get identified(): boolean {
    return true
  }

  get account(): Account {
    return this.held.holder.account
  }

  get client(): Client {
    return this.held.holder.client
  }

  get connection(): HeldConnection {
    return this.held
  }

  get identity(): Identity {
    return this.held.holder
  }

  get path(): string {
    return this.held.path
  }

  get class(): string {
    return this.held.class
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

  carriedBy(carrier: Carrier): void {
    this.held.carriedBy(carrier)
  }

  release(): void {
    this.held.responseEnded()
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
