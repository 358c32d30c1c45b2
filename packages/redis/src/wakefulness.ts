/**
 * Whether this process has been running all the time. One that was stopped, or whose machine slept, has lost its leases by its own
 * fault: others may have had their slots since. One that was awake has lost them because Redis did.
 */
export class Wakefulness {
  /** How often it has paused for longer than that. */
  #pauses = 0
  #steady = performance.now()
  #timeOfDay = Date.now()

  constructor(private readonly longestMs: number) {}

  /** To be called more often than the longest pause that does not matter. */
  pauses(): number {
    const steady = performance.now()
    const timeOfDay = Date.now()
    // The steady clock stands still while a machine sleeps. A time of day that was set looks like a pause: then a lost lease is not counted
    // again above the limit, and that is all.
    if (Math.max(steady - this.#steady, timeOfDay - this.#timeOfDay) > this.longestMs) this.#pauses++
    this.#steady = steady
    this.#timeOfDay = timeOfDay
    return this.#pauses
  }
}
