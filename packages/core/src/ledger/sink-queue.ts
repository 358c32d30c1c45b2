import type { CompleteClock } from '../clock.js'
import type { LedgerEntry, LedgerSink } from './entry.js'

/** How many entries a sink gets at once. */
const BATCH = 500
/** When to try again where a sink failed. */
const AGAIN_MS = 1000

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
  #closed = false

  constructor(
    private readonly sink: LedgerSink,
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
        await this.#writeBatch()
      } while (this.#waiting.length > 0 || (this.#untold > 0 && !this.#closed))
    } catch (cause) {
      this.#failed(cause)
    }
    // In the same step as the last look at what waits: whoever adds to it from now on begins anew.
    this.#running = undefined
  }

  async #writeBatch(): Promise<void> {
    this.#tellDropped()
    const batch = this.#waiting.slice(0, BATCH)
    if (batch.length === 0) return
    await this.sink.write(batch)
    this.#waiting.splice(0, batch.length)
  }

  /** What fails after the sink was closed has been counted as dropped. */
  #failed(cause: unknown): void {
    if (this.#closed) return
    this.#again = this.is.clock.setTimeout(() => void this.#run(), AGAIN_MS)
    this.is.onFailed(cause)
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
    if (first) this.is.onFull()
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
