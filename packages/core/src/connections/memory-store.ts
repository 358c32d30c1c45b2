import { completeClock, type Clock, type CompleteClock } from '../clock.js'
import type { Pending } from '../pending.js'
import type { ConnectionStore, CounterName, Lease, LeaseAnswer, LeaseAsk } from './store.js'

/** Options of {@link memoryConnections}. */
export interface MemoryConnectionsOptions {
  /** For tests. */
  clock?: Clock
}

/** Counts the connections of one process, in memory. Exact: each step is one turn of the event loop. */
export function memoryConnections(options: MemoryConnectionsOptions = {}): ConnectionStore {
  return new MemoryStore(completeClock(options.clock))
}

class MemoryStore implements ConnectionStore {
  readonly oneProcess = true
  readonly #clock: CompleteClock
  readonly #apis = new Map<string, Map<string, Counters>>()

  constructor(clock: CompleteClock) {
    this.#clock = clock
  }

  acquire(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    const counters = this.#countersOf(ask)
    let counter = counters.of(ask.account)
    if (!counter) {
      if (ask.limit <= 0 && !mayWait(ask, 0)) return { lease: undefined, inUse: 0 }
      counter = counters.add(ask.account)
    }
    counter.setLimit(ask.limit)
    if (counter.open < ask.limit) return counter.grant()
    if (mayWait(ask, counter.line?.waiting ?? 0)) return new Waiter(counter, ask, this.#clock)
    return { lease: undefined, inUse: counter.open }
  }

  release(lease: Lease): void {
    ;(lease as MemoryLease).release()
  }

  setLimit(name: CounterName, limit: number): void {
    this.#apis.get(name.api)?.get(name.class)?.of(name.account)?.setLimit(limit)
  }

  close(): Promise<void> {
    for (const classes of this.#apis.values()) {
      for (const counters of classes.values()) counters.turnAway()
    }
    return Promise.resolve()
  }

  /** Most ask for the same API and class as whoever asked before. */
  #last: { readonly api: string; readonly class: string; readonly counters: Counters } | undefined

  #countersOf(ask: LeaseAsk): Counters {
    const last = this.#last
    if (last && last.api === ask.api && last.class === ask.class) return last.counters
    let classes = this.#apis.get(ask.api)
    if (!classes) this.#apis.set(ask.api, (classes = new Map<string, Counters>()))
    let counters = classes.get(ask.class)
    if (!counters) classes.set(ask.class, (counters = new Counters()))
    this.#last = { api: ask.api, class: ask.class, counters }
    return counters
  }
}

function mayWait(ask: LeaseAsk, waiting: number): boolean {
  return ask.waitMs > 0 && waiting < ask.maxWaiting
}

/**
 * The counters of a class, by account. An account that holds nothing costs nothing, but for the last one to give back all it held: it is
 * often the next to ask, and a table that becomes empty with each request is made anew each time.
 */
class Counters {
  readonly #byAccount = new Map<string, Counter>()
  /** The one that was idle last; it may be busy again. */
  #spare: Counter | undefined

  of(account: string): Counter | undefined {
    return this.#byAccount.get(account)
  }

  add(account: string): Counter {
    const counter = new Counter(this, account)
    this.#byAccount.set(account, counter)
    return counter
  }

  /** It holds nothing any more, and goes when the next one does. */
  rest(counter: Counter): void {
    const before = this.#spare
    if (before === counter) return
    this.#spare = counter
    if (before?.isIdle) this.#byAccount.delete(before.account)
  }

  turnAway(): void {
    for (const counter of this.#byAccount.values()) counter.turnAway()
  }
}

/**
 * How many are open, and who waits, first come first served. A free slot and a line never stand side by side, so a newcomer cannot
 * overtake.
 */
class Counter {
  open = 0
  /** Those who wait: there exactly while there are any. */
  line: Line | undefined = undefined
  readonly #counters: Counters

  constructor(
    counters: Counters,
    readonly account: string,
  ) {
    this.#counters = counters
  }

  get isIdle(): boolean {
    return this.open === 0 && !this.line
  }

  grant(): LeaseAnswer {
    return new MemoryLease(this, ++this.open)
  }

  giveBack(): void {
    this.open--
    this.serve()
    this.restIfIdle()
  }

  /** It holds for those who wait; whoever comes next brings one. */
  setLimit(limit: number): void {
    if (!this.line) return
    this.line.limit = limit
    this.serve()
  }

  turnAway(): void {
    while (this.line) this.line.first!.settle({ lease: undefined, inUse: this.open })
  }

  restIfIdle(): void {
    if (this.isIdle) this.#counters.rest(this)
  }

  private serve(): void {
    while (this.line && this.open < this.line.limit) this.line.first!.settle(this.grant())
  }
}

/** First come, first served. */
class Line {
  waiting = 0
  limit = 0
  first: Waiter | undefined = undefined
  last: Waiter | undefined = undefined
}

/** The answer that a slot is taken, and the lease itself. */
class MemoryLease implements LeaseAnswer {
  #counter: Counter | undefined
  readonly inUse: number

  constructor(counter: Counter, inUse: number) {
    this.#counter = counter
    this.inUse = inUse
  }

  get lease(): Lease {
    return this
  }

  /** A second release would raise the capacity: it finds nothing to give back. */
  release(): void {
    const counter = this.#counter
    this.#counter = undefined
    counter?.giveBack()
  }
}

/** A place in the line of a counter: a link of a list, so that who leaves is out at once, wherever it stood. */
class Waiter implements Pending<LeaseAnswer> {
  readonly answer: Promise<LeaseAnswer>
  #next: Waiter | undefined
  #previous: Waiter | undefined
  #resolve!: (answer: LeaseAnswer) => void
  #settled = false
  readonly #counter: Counter
  readonly #timer: unknown
  readonly #clock: CompleteClock

  constructor(counter: Counter, { waitMs, limit }: LeaseAsk, clock: CompleteClock) {
    this.#counter = counter
    this.#clock = clock
    this.answer = new Promise((resolve) => (this.#resolve = resolve))
    this.#timer = waitMs === Infinity ? undefined : clock.setTimeout(() => this.leave(), waitMs)
    const line = (counter.line ??= new Line())
    line.limit = limit
    this.#previous = line.last
    if (line.last) line.last.#next = this
    else line.first = this
    line.last = this
    line.waiting++
  }

  leave(): void {
    this.settle({ lease: undefined, inUse: this.#counter.open })
  }

  settle(answer: LeaseAnswer): void {
    if (this.#settled) return
    this.#settled = true
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#unlink()
    this.#counter.restIfIdle()
    this.#resolve(answer)
  }

  #unlink(): void {
    const line = this.#counter.line!
    if (this.#previous) this.#previous.#next = this.#next
    else line.first = this.#next
    if (this.#next) this.#next.#previous = this.#previous
    else line.last = this.#previous
    if (--line.waiting === 0) this.#counter.line = undefined
  }
}
