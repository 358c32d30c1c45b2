import { LONGEST_TIMER_MS, type CompleteClock } from '../clock.js'
import { isPending, type Pending } from '../pending.js'
import type { LeaseAnswer, LeaseAsk } from './store.js'

/** Whom a question is put to. */
export interface AskedKeeper {
  readonly clock: CompleteClock
  readonly timeoutMs: number
  /** The store has failed, or not answered in time. */
  failed(cause: unknown): void
  /** The store has answered. */
  answered(ask: LeaseAsk, answer: LeaseAnswer): void
  /** @throws StoreError where nobody is let in without the store. */
  without(ask: LeaseAsk, cause: unknown): LeaseAnswer | Pending<LeaseAnswer>
  askStore(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer>
  giveBack(answer: LeaseAnswer): void
  done(asked: Asked): void
}

/**
 * A question that is answered in time whatever befalls the store: as the store goes away it moves to whoever stands in for it, and who
 * still waits there as the store comes back goes to the store again.
 */
export class Asked implements Pending<LeaseAnswer> {
  readonly answer: Promise<LeaseAnswer>
  #resolve!: (answer: LeaseAnswer) => void
  #reject!: (cause: unknown) => void
  /** Where it waits now. What another place grants later is given back. */
  #place: Pending<LeaseAnswer> | undefined
  #atStore = false
  #timer: unknown
  #left = false
  readonly #until: number

  constructor(
    private readonly keeper: AskedKeeper,
    private readonly ask: LeaseAsk,
    place: Pending<LeaseAnswer>,
    atStore: boolean,
  ) {
    this.#until = keeper.clock.elapsed() + ask.waitMs
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (atStore) this.#waitForStore(place, ask.waitMs)
    else this.#waitWithout(place)
  }

  leave(): void {
    this.#left = true
    this.#place?.leave()
  }

  /** The store is away: who waits there would wait for nothing. */
  storeGone(cause: unknown): void {
    if (this.#atStore) this.#goOnWithout(cause)
  }

  /** The store is back: who waits for a slot of this process waits for one of all. */
  storeBack(): void {
    if (this.#atStore || this.#left) return
    this.#leavePlace()?.leave()
    const ask = this.#rest()
    try {
      const given = this.keeper.askStore(ask)
      if (isPending(given)) this.#waitForStore(given, ask.waitMs)
      else this.#settle(() => this.#resolve(given))
    } catch (cause) {
      this.#failed(cause)
    }
  }

  /** What is asked now: who waits has waited for a part of its time, and who has left does not wait at all. */
  #rest(): LeaseAsk {
    const { ask } = this
    if (ask.waitMs === 0) return ask
    const waitMs = this.#left ? 0 : Math.max(0, this.#until - this.keeper.clock.elapsed())
    return { ...ask, waitMs }
  }

  #waitForStore(place: Pending<LeaseAnswer>, waitMs: number): void {
    const { clock, timeoutMs } = this.keeper
    const most = waitMs + timeoutMs
    this.#place = place
    this.#atStore = true
    const tooLate = () => this.#failed(new Error(`the connection store took longer than ${most} ms`))
    // What is longer than a timer may be is for ever.
    if (most <= LONGEST_TIMER_MS) this.#timer = clock.setTimeout(tooLate, most)
    place.answer.then(
      (answer) => {
        if (this.#place !== place) return this.keeper.giveBack(answer)
        this.keeper.answered(this.ask, answer)
        this.#settle(() => this.#resolve(answer))
      },
      (cause: unknown) => {
        if (this.#place === place) this.#failed(cause)
      },
    )
  }

  #failed(cause: unknown): void {
    const place = this.#place
    // It tells others that the store is gone, this one among them.
    this.keeper.failed(cause)
    if (this.#place === place) this.#goOnWithout(cause)
  }

  #goOnWithout(cause: unknown): void {
    this.#leavePlace()?.leave()
    try {
      const given = this.keeper.without(this.#rest(), cause)
      if (isPending(given)) this.#waitWithout(given)
      else this.#settle(() => this.#resolve(given))
    } catch (error) {
      this.#settle(() => this.#reject(error))
    }
  }

  #waitWithout(place: Pending<LeaseAnswer>): void {
    this.#place = place
    void place.answer.then((answer) => {
      if (this.#place !== place) return this.keeper.giveBack(answer)
      this.#settle(() => this.#resolve(answer))
    })
  }

  #leavePlace(): Pending<LeaseAnswer> | undefined {
    if (this.#timer !== undefined) this.keeper.clock.clearTimeout(this.#timer)
    const place = this.#place
    this.#place = this.#timer = undefined
    this.#atStore = false
    return place
  }

  #settle(tell: () => void): void {
    this.#leavePlace()
    this.keeper.done(this)
    tell()
  }
}
