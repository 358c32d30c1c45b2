import type { Lease, LeaseAnswer, LeaseAsk, Pending } from '@api-terms/core'

/** What a place asks of the store that it belongs to. */
export interface PlaceKeeper {
  /** Nobody waits for it any more. */
  left(place: Place): void
}

/**
 * One connection that was asked for, from the question to its end: first a place in the line, perhaps, then a lease.
 *
 * `asking`: Redis has not answered yet. `left`: nor has it, and nobody waits for the answer.
 */
export class Place implements Pending<LeaseAnswer> {
  state: 'asking' | 'left' | 'waiting' | 'open' | 'over' = 'asking'
  readonly answer: Promise<LeaseAnswer>
  #timer: NodeJS.Timeout | undefined
  /** How many were open when Redis last told. */
  inUse = 0
  #resolve!: (answer: LeaseAnswer) => void
  #reject!: (cause: unknown) => void

  readonly limit: number
  readonly waitMs: number
  /** 0: it does not wait. */
  readonly maxWaiting: number

  constructor(
    private readonly keeper: PlaceKeeper,
    /** Begins with the name of the process, which is how whoever serves the line knows whom to tell. */
    readonly id: string,
    readonly counter: string,
    { limit, waitMs, maxWaiting }: LeaseAsk,
  ) {
    this.limit = limit
    this.waitMs = waitMs
    this.maxWaiting = waitMs > 0 ? maxWaiting : 0
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  leave(): void {
    this.keeper.left(this)
  }

  /** It stands in the line. Only now its time runs, not while Redis is asked: a free slot is taken however short the wait is. */
  wait(): void {
    this.state = 'waiting'
    if (this.waitMs !== Infinity) this.#timer ??= setTimeout(() => this.leave(), this.waitMs).unref()
  }

  grant(inUse: number): void {
    this.#settle('open')
    this.#resolve({ lease: this satisfies Lease, inUse })
  }

  refuse(inUse: number): void {
    this.#settle('over')
    this.#resolve({ lease: undefined, inUse })
  }

  fail(cause: unknown): void {
    this.#settle('over')
    this.#reject(cause)
  }

  #settle(state: Place['state']): void {
    this.state = state
    clearTimeout(this.#timer)
  }
}
