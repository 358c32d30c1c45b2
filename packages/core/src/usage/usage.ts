import { Mutex } from 'async-mutex'
import { ABSENT_OR_DURATION, checkNamed, having } from '../checked.js'
import { completeClock, type Clock, type CompleteClock } from '../clock.js'
import { OptionsError } from '../errors.js'
import type { Followable } from '../followers.js'
import { nameInProcess } from '../process-name.js'
import { DAY_MS, dayOf, isDay, writtenDay } from './days.js'
import { GateUsage } from './gate-usage.js'
import { memoryUsage } from './memory-usage.js'
import type { UsageBatch, UsageFilter, UsageRow, UsageStore } from './store.js'

/** Options of `createUsage`. */
export interface UsageOptions {
  /** Where usage is kept. Default: `memoryUsage()`, for one process and until it ends. */
  store?: UsageStore
  /** How often what was counted is put into the store, in ms: so much a process that is killed can lose. Default 10 000. */
  flushMs?: number
  /** For tests. Default: the system's. */
  clock?: Clock
}

/** Which usage is asked for. */
export type UsageQuery = Partial<UsageFilter>

/** What accounts use, by API, account, class and day (clause 4(a)3). */
export interface Usage {
  /** Counts what this gate lets in and turns away, from now on. Any number of gates. Returns what ends it. */
  follow(gate: Followable): () => void
  /**
   * What was used, by day and class: what this process has counted up to now, and what others have put into the store. `to` is today
   * where it is left out, of UTC, and `from` is `to`. Rejects where the store fails.
   */
  of(query?: UsageQuery): Promise<UsageRow[]>
  /** Puts what was counted into the store now. Rejects where that fails: it is kept, and tried again. */
  flush(): Promise<void>
  /** Counts no more, and puts what was counted into the store. Close the gates first: what is open then goes uncounted from there on. */
  close(): Promise<void>
}

/**
 * Counts what accounts use, exactly. Nothing of it waits for the store, and a batch that may or may not have arrived is sent again
 * without being counted twice.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function createUsage(options: UsageOptions = {}): Usage {
  checkNamed(options, {
    store: having(['add', 'read'], 'a store of usage, e.g. memoryUsage()'),
    flushMs: ABSENT_OR_DURATION,
    clock: having(['now'], 'an object with now()'),
  })
  const { store = memoryUsage(), flushMs = 10_000 } = options
  return new LiveUsage(store, flushMs, completeClock(options.clock))
}

class LiveUsage implements Usage {
  readonly #process = nameInProcess('usage')
  readonly #gates = new Map<GateUsage, Followable>()
  readonly #writes = new Mutex()
  #serial = 0
  /** What was counted by gates that are not followed any more. */
  #left: UsageRow[] = []
  /** Sent, and not known to have arrived. */
  #unsure: UsageBatch | undefined
  #timer: unknown
  #closed = false

  constructor(
    private readonly store: UsageStore,
    private readonly flushMs: number,
    private readonly clock: CompleteClock,
  ) {}

  follow(gate: Followable): () => void {
    const counted = new GateUsage(gate.api, this.clock)
    const following = gate.follow(counted)
    counted.following = following
    this.#gates.set(counted, gate)
    if (this.#timer === undefined) this.#arm()
    return () => {
      if (!this.#gates.delete(counted)) return
      this.#left.push(...counted.take())
      following.stop()
    }
  }

  async of(query: UsageQuery = {}): Promise<UsageRow[]> {
    const { to = writtenDay(dayOf(this.clock.now())), from = to } = query
    checkNamed(
      { ...query, from, to },
      {
        api: IS_TEXT,
        account: IS_TEXT,
        from: [isDay, 'a day, e.g. 2026-01-31'],
        to: [isDay, 'a day, e.g. 2026-01-31'],
      },
    )
    if (from > to) throw new OptionsError([{ path: 'from', message: 'must not be after to' }])
    await this.flush()
    const rows = await this.store.read({ ...query, from, to })
    return rows.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
  }

  flush(): Promise<void> {
    return this.#writes.runExclusive(() => this.#write())
  }

  async close(): Promise<void> {
    this.clock.clearTimeout(this.#timer)
    this.#closed = true
    const gates = [...this.#gates]
    for (const [counted] of gates) {
      this.#left.push(...counted.take())
      counted.following?.stop()
    }
    this.#gates.clear()
    await this.flush().catch((cause: unknown) =>
      this.#warn(
        gates.map(([, gate]) => gate),
        cause,
      ),
    )
  }

  async #write(): Promise<void> {
    if (this.#unsure) await this.#send(this.#unsure)
    const rows = [...this.#left, ...[...this.#gates.keys()].flatMap((counted) => counted.take())]
    this.#left = []
    if (rows.length > 0) await this.#send({ process: this.#process, serial: ++this.#serial, rows })
  }

  async #send(batch: UsageBatch): Promise<void> {
    this.#unsure = batch
    await this.store.add(batch)
    this.#unsure = undefined
  }

  #arm(): void {
    const untilMidnight = DAY_MS - (this.clock.now() % DAY_MS)
    this.#timer = this.clock.setTimeout(
      () => {
        this.#timer = undefined
        for (const counted of this.#gates.keys()) counted.turnDay()
        // One that takes long is not sent a second one after it.
        if (!this.#writes.isLocked())
          this.flush().catch((cause: unknown) => this.#warn(this.#gates.values(), cause))
        if (!this.#closed) this.#arm()
      },
      Math.min(this.flushMs, untilMidnight),
    )
  }

  #warn(gates: Iterable<Followable>, cause: unknown): void {
    for (const gate of gates) gate.warn('usage-failed', 'usage could not be stored; it is kept', cause)
  }
}

const IS_TEXT = [(value: unknown) => value === undefined || typeof value === 'string', 'text'] as const

function nameOf({ day, api, account, class: className }: UsageRow): string {
  return [day, api, account, className].join('\0')
}
