import { LONGEST_TIMER_MS, type CompleteClock } from './clock.js'

/** The promise's outcome, or a rejection after so many ms: nobody waits longer for a provider's function or a store. What is
 * longer than a timer of Node may be, three weeks, is for ever. */
export function bounded<T>(promise: Promise<T>, ms: number, what: string, clock: CompleteClock): Promise<T> {
  if (ms > LONGEST_TIMER_MS) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
    const settle = () => clock.clearTimeout(timer)
    promise.finally(settle).then(resolve, reject)
  })
}
