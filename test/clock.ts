import type { Clock } from '../packages/core/src/clock.js'

/** Time that passes only where a test says so: timers fire in the order in which they are due, each at its own moment. */
export class TestClock implements Clock {
  #now: number
  #elapsed = 0
  #serial = 0
  readonly #timers = new Map<number, { readonly due: number; readonly callback: () => void }>()

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed
  }

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(++this.#serial, { due: this.#elapsed + Math.max(0, ms), callback })
    return this.#serial
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number)
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  advance(ms: number): void {
    const end = this.#elapsed + ms
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const [handle, { due, callback }] = next
      this.#timers.delete(handle)
      this.#to(due)
      callback()
    }
    this.#to(end)
  }

  /** Sets the time of day, as an operator does; what has elapsed stays. */
  setNow(now: number): void {
    this.#now = now
  }

  #to(moment: number): void {
    this.#now += moment - this.#elapsed
    this.#elapsed = moment
  }

  #next(end: number) {
    let first: [number, { readonly due: number; readonly callback: () => void }] | undefined
    for (const timer of this.#timers) {
      if (timer[1].due <= end && (!first || timer[1].due < first[1].due)) first = timer
    }
    return first
  }
}

/** Lets everything that is ready happen. */
export async function settled(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
