import { StoreError } from '@api-terms/core'
import { nameOfProcess } from './name-of-process.js'
import type { CheckedOptions } from './options.js'
import type { Reach } from './reach.js'
import { Rounds } from './rounds.js'
import { ScriptRunner } from './script-runner.js'
import { BEAT } from './scripts.js'
import type { Underway } from './underway.js'
import type { Wakefulness } from './wakefulness.js'

/** A process says so often that it lives. */
const BEAT_MS = 1000
/** How soon it says so for the first time. */
const FIRST_BEAT_MS = 250
/** A process that has not said for so long that it lives is forgotten. */
const PROCESS_MS = 5000
/** So many unanswered attempts to reach Redis may wait in a client; beyond it there is one more now and then. */
const MOST_UNANSWERED = 8
const NOW_AND_THEN_MS = 5000

/** Says that this process lives, and learns how many do. It is an attempt to reach Redis too. */
export class Heartbeat {
  /** How many lived when it was last known, this one included. */
  processes = 1
  readonly #runner: ScriptRunner
  readonly #rounds: Rounds
  #beatAt = -Infinity

  constructor(
    { client, leaseMs, timeoutMs }: CheckedOptions,
    private readonly key: string,
    private readonly wakefulness: Wakefulness,
    private readonly underway: Underway,
    private readonly reach: Reach,
  ) {
    this.#runner = new ScriptRunner(client.send, timeoutMs)
    // More often than a pause that would cost a lease.
    this.#rounds = new Rounds(
      () => (this.#hasBeaten ? Math.min(BEAT_MS, leaseMs / 4) : FIRST_BEAT_MS),
      () => true,
      reach.whileAvailable(() => this.beat()),
    )
    this.#rounds.start()
  }

  async beat(): Promise<void> {
    this.wakefulness.pauses()
    const now = performance.now()
    // A client that has lost its connection queues what it is told: an outage of a day must not fill the memory.
    if (this.#runner.unanswered >= MOST_UNANSWERED && now - this.#beatAt < NOW_AND_THEN_MS)
      throw new StoreError('Redis has not answered yet')
    this.#beatAt = now
    const told = Number(await this.#say(PROCESS_MS))
    // A Redis that comes back empty hears of one process after the other: the first would take all parts of the limit for its own.
    const atLeast = this.reach.state === 'available' ? 1 : this.processes
    this.processes = Math.max(atLeast, told)
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** This process is not counted any more, unless another store of it says that it lives. */
  async end(): Promise<void> {
    if (this.#hasBeaten) await this.#say(0).catch(() => undefined)
  }

  get #hasBeaten(): boolean {
    return this.#beatAt > 0
  }

  #say(lastsMs: number): Promise<unknown> {
    return this.underway.track(this.#runner.run(BEAT, [this.key], [nameOfProcess(), String(lastsMs)]))
  }
}
