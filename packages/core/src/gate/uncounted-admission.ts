import type { Admission } from '../admission.js'
import type { CachePolicy, Caching } from '../caching/index.js'
import type { HeldConnection } from '../connections/index.js'
import type { Identity } from '../credentials/index.js'
import type { Account, Client } from '../registry.js'

const NOBODY: { readonly account: Account; readonly client: Client } = {
  account: Object.freeze({ id: '' }),
  client: Object.freeze({ id: '', account: '', credentials: [] }),
}

/** Lets a request by that holds no connection: skipped, or refused in `observe` mode. */
export function passWithout(context: PassContext, identity?: Identity): Admission {
  return new Pass(context, identity)
}

export interface PassContext {
  gate(): object
  readonly caching: Caching
}

class Pass implements Admission {
  readonly admitted = true
  readonly identified: boolean
  readonly account: Account
  readonly client: Client
  readonly connection = new UncountedConnection()

  constructor(
    private readonly context: PassContext,
    identity: Identity | undefined,
  ) {
    const { account, client } = identity ?? NOBODY
    this.identified = identity !== undefined
    this.account = account
    this.client = client
  }

  get gate(): object {
    return this.context.gate()
  }

  cache(policy: CachePolicy): void {
    this.context.caching.compile(policy)
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
