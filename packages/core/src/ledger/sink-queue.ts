import type { CompleteClock } from '../clock.js'
import type { LedgerEntry, LedgerSink } from './entry.js'

/** How many entries are written out in a turn. */
const IN_A_TURN = 500
/** When to try again where a sink failed. */
const AGAIN_MS = 1000

/** How a sink is given entries. */
export interface Giving {
  /** So many at once. */
  readonly atOnce: number
  /** What it failed to take so many times is dropped: one entry that it can never take must not keep all others from it. */
  readonly attempts: number
}

export const TO_A_SINK: Giving = { atOnce: IN_A_TURN, attempts: Infinity }
/** One by one, so that none it has taken comes again. */
export const TO_A_FUNCTION: Giving = { atOnce: 1, attempts: 60 }

export interface SinkQueueOptions {
  readonly maxQueued: number
  readonly clock: CompleteClock
  /** The entry that tells how many decisions were dropped. */
  dropped(count: number): LedgerEntry
  onFailed(cause: unknown): void
  /** The first entry since the sink last took something is dropped. */
  onFull(): void
}

/** What waits for one sink. A sink that fails or stalls holds nobody up: what is too much for the queue is dropped, and counted. */
export class SinkQueue {
  /** How many decisions were dropped altogether. */
  dropped = 0
  /** How many of them no entry has told. */
  #untold = 0
  #waiting: LedgerEntry[] = []
  #running: Promise<void> | undefined
  #again: unknown
  /** How many times what waits first was not taken. */
  #failures = 0
  #closed = false

  constructor(
    private readonly sink: LedgerSink,
    private readonly giving: Giving,
    private readonly is: SinkQueueOptions,
  ) {}

  add(entry: LedgerEntry): void {
    if (this.#closed) return
    if (this.#waiting.length >= this.is.maxQueued) return this.#overflow(entry)
    this.#waiting.push(entry)
    if (this.#again === undefined) void this.#run()
  }

  /** Resolves when everything has been written, or has failed once more. */
  async flush(): Promise<void> {
    if (!this.#closed) await this.#run()
  }

  /** What could not be written within this time is dropped. */
  async close(ms: number): Promise<void> {
    const { clock } = this.is
    let timer: unknown
    const late = new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, ms)))
    const last = this.#run().then(() => (this.#waiting.length > 0 ? this.#run() : undefined))
    await Promise.race([last, late])
    this.#closed = true
    clock.clearTimeout(this.#again)
    for (const entry of this.#waiting) this.#drop(entry)
    this.#waiting = []
    await Promise.race([this.#closeSink(), late])
    clock.clearTimeout(timer)
  }

  #run(): Promise<void> {
    return (this.#running ??= this.#write())
  }

  async #write(): Promise<void> {
    this.is.clock.clearTimeout(this.#again)
    this.#again = undefined
    try {
      do {
        // The request that is told of does not wait while entries are written out, and others not for a whole backlog.
        // oxlint-disable-next-line no-await-in-loop -- one batch after the other keeps the order
        await new Promise((resolve) => setImmediate(resolve))
        // oxlint-disable-next-line no-await-in-loop -- as above
        await this.#writeInTurn()
      } while (this.#waiting.length > 0 || (this.#untold > 0 && !this.#closed))
    } catch (cause) {
      this.#failed(cause)
    }
    // In the same step as the last look at what waits: whoever adds to it from now on begins anew.
    this.#running = undefined
  }

  async #writeInTurn(): Promise<void> {
    this.#tellDropped()
    for (let left = Math.min(this.#waiting.length, IN_A_TURN); left > 0 && !this.#closed;) {
      const batch = this.#waiting.slice(0, this.giving.atOnce)
      // oxlint-disable-next-line no-await-in-loop -- in order
      await this.sink.write(batch)
      this.#waiting.splice(0, batch.length)
      this.#failures = 0
      left -= batch.length
    }
  }

  #failed(cause: unknown): void {
    // What was not taken by then has been counted as dropped.
    if (this.#closed) return
    if (++this.#failures >= this.giving.attempts) this.#giveUp()
    this.#again = this.is.clock.setTimeout(() => void this.#run(), AGAIN_MS)
    this.is.onFailed(cause)
  }

  #giveUp(): void {
    for (const entry of this.#waiting.splice(0, this.giving.atOnce)) this.#drop(entry)
    this.#failures = 0
  }

  /** Stands where they would have stood: what was dropped came after all that waits. */
  #tellDropped(): void {
    if (this.#untold === 0 || this.#closed || this.#waiting.length >= this.is.maxQueued) return
    this.#waiting.push(this.is.dropped(this.#untold))
    this.#untold = 0
  }

  /** A sink that neither takes entries nor fails would be noticed by nobody. */
  #overflow(entry: LedgerEntry): void {
    const first = this.#untold === 0
    this.#drop(entry)
    // When the other sinks have it: the warning is an entry of its own, and comes after it.
    if (first) queueMicrotask(() => this.is.onFull())
  }

  #drop({ what, count }: LedgerEntry): void {
    // What it tells was counted as it was dropped.
    if (what !== 'dropped') this.dropped += count
    this.#untold += count
  }

  async #closeSink(): Promise<void> {
    try {
      await this.sink.close?.()
    } catch (cause) {
      this.is.onFailed(cause)
    }
  }
}
