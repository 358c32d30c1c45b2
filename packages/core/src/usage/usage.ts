import { Mutex } from 'async-mutex'
import { ABSENT_OR_DURATION, checkNamed, having } from '../checked.js'
import { completeClock, type Clock, type CompleteClock } from '../clock.js'
import { OptionsError } from '../errors.js'
import type { Followable } from '../followers.js'
import { checkGate } from '../given-gate.js'
import { nameInProcess } from '../process-name.js'
import { DAY_MS, dayOf, isDay, writtenDay } from '../days.js'
import { GateUsage } from './gate-usage.js'
import { lastTry } from './last-try.js'
import { memoryUsage } from './memory-usage.js'
import type { UsageBatch, UsageFilter, UsageRow, UsageStore } from './store.js'

const CLOSE_MS = 5000

/** Options of `createUsage`. */
export interface UsageOptions {
  /** Where usage is kept. Default: `memoryUsage()`, for one process and until it ends. */
  store?: UsageStore
  /** How often what was counted is put into the store, in ms: so much a process that is killed can lose. Default 10 000. */
  flushMs?: number
  /** For tests: when to put it there, and which day is today. What is counted goes by the clock of each gate. Default: the system's. */
  clock?: Clock
}

/** Which usage is asked for. */
export type UsageQuery = Partial<UsageFilter>

/** What accounts use, by API, account, class and day (clause 4(a)3). */
export interface Usage {
  /**
   * Counts what this gate lets in and turns away, from now on, and what is open already from now on. Any number of gates, each of them once,
   * however often it is given. Returns what ends it. Nothing is counted once the usage is closed.
   */
  follow(gate: Followable): () => void
  /**
   * What was used, by day and class: what this process has counted up to now, and what others have put into the store. `to` is today
   * where it is left out, of UTC, and `from` is `to`. Rejects where the store fails.
   */
  of(query?: UsageQuery): Promise<UsageRow[]>
  /** Puts what was counted into the store now. Rejects where that fails: it is kept, and tried again. */
  flush(): Promise<void>
  /**
   * Counts no more, and puts what was counted into the store: where that fails again and again, for 5 seconds at most, and what is lost is warned of
   * (`usage-lost`). Never rejects. Any number of times. Close the gates first: what is open then goes uncounted from there on.
   */
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
  readonly #gates = new Map<Followable, GateUsage>()
  readonly #writes = new Mutex()
  #serial = 0
  /** What was counted by gates that are not followed any more. */
  #left: UsageRow[] = []
  /** Sent, and not known to have arrived. */
  #unsure: UsageBatch | undefined
  #timer: unknown
  #closing: Promise<void> | undefined

  constructor(
    private readonly store: UsageStore,
    private readonly flushMs: number,
    private readonly clock: CompleteClock,
  ) {}

  follow(gate: Followable): () => void {
    checkGate(gate, 'follow')
    if (this.#closing) return () => undefined
    let counted = this.#gates.get(gate)
    if (!counted) this.#gates.set(gate, (counted = new GateUsage(gate)))
    if (this.#timer === undefined) this.#arm()
    return () => this.#leave(gate, counted)
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
    if (from > to)
      throw new OptionsError([
        { path: 'from', message: 'must not be after to, which is today unless it is given' },
      ])
    await this.flush()
    const rows = await this.store.read({ ...query, from, to })
    return rows.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
  }

  flush(): Promise<void> {
    return this.#writes.runExclusive(() => this.#write())
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.clock.clearTimeout(this.#timer)
    const gates = [...this.#gates.keys()]
    for (const [gate, counted] of this.#gates) this.#leave(gate, counted)
    await lastTry(() => this.flush(), CLOSE_MS, this.clock).catch((cause: unknown) => {
      const lost = `usage was closed before its store had confirmed ${this.#unconfirmed()}`
      for (const gate of gates) gate.warn('usage-lost', lost, cause)
    })
  }

  #unconfirmed(): string {
    const rows = [...(this.#unsure?.rows ?? []), ...this.#left]
    const connections = rows.reduce((sum, row) => sum + row.connections, 0)
    const refusals = rows.flatMap((row) => Object.values(row.refusals)).reduce((sum, count) => sum + count, 0)
    return `${rows.length} rows: ${connections} connections, ${refusals} refusals`
  }

  #leave(gate: Followable, counted: GateUsage): void {
    if (this.#gates.get(gate) !== counted) return
    this.#gates.delete(gate)
    this.#left.push(...counted.end())
  }

  async #write(): Promise<void> {
    if (this.#unsure) await this.#send(this.#unsure)
    const rows = [...this.#left, ...[...this.#gates.values()].flatMap((counted) => counted.take())]
    this.#left = []
    if (rows.length > 0) await this.#send({ process: this.#process, serial: ++this.#serial, rows })
  }

  #failed(cause: unknown): void {
    for (const gate of this.#gates.keys())
      gate.warn('usage-failed', 'usage could not be stored; it is kept', cause)
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
        for (const counted of this.#gates.values()) counted.turnDay()
        // One that takes long is not sent a second one after it.
        if (!this.#writes.isLocked()) this.flush().catch((cause: unknown) => this.#failed(cause))
        if (!this.#closing) this.#arm()
      },
      Math.min(this.flushMs, untilMidnight),
    )
  }
}

const IS_TEXT = [(value: unknown) => value === undefined || typeof value === 'string', 'text'] as const

function nameOf({ day, api, account, class: className }: UsageRow): string {
  return [day, api, account, className].join('\0')
}
