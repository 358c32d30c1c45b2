import { performance } from 'node:perf_hooks'

/** Where the gate reads the time. Tests pass one of their own instead of sleeping. */
export interface Clock {
  /** The time of day, in ms since 1970: for expiry dates and for events. Jumps when the machine's clock is set. */
  now(): number
  /** A steady count of ms: for how long something lasted. `now` where it is absent. */
  elapsed?(): number
  /** Absent: the timers of Node, which do not keep the process alive. */
  setTimeout?(callback: () => void, ms: number): unknown
  clearTimeout?(handle: unknown): void
}

/** Longer timers fire at once in Node: the delay is a signed integer of 32 bits. */
export const LONGEST_TIMER_MS = 2_147_483_647

/** The last moment that there is a Date for, in ms since 1970. */
export const LAST_MOMENT = 8.64e15

/** A clock with everything filled in. */
export type CompleteClock = Required<Clock>

const systemClock: CompleteClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
}

/** The clock given, completed by the system's. */
export function completeClock(clock: Clock | undefined): CompleteClock {
  if (!clock) return systemClock
  const own = clock.setTimeout && clock.clearTimeout ? clock : undefined
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed?.() ?? clock.now(),
    setTimeout: (callback, ms) => (own?.setTimeout ?? systemClock.setTimeout).call(own, callback, ms),
    clearTimeout: (handle) => (own?.clearTimeout ?? systemClock.clearTimeout).call(own, handle),
  }
}
