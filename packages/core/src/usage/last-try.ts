import type { CompleteClock } from '../clock.js'

/** When to try again where it failed. */
const AGAIN_MS = 250

/**
 * Tries until it succeeds, or so many ms are over: then rejects with why it failed last, however long that try still takes. The timers keep
 * the process alive: as it shuts down nothing else may.
 */
export function lastTry(work: () => Promise<void>, ms: number, clock: CompleteClock): Promise<void> {
  return new Promise((resolve, reject) => {
    let why = new Error(`no answer within ${ms} ms`)
    let again: unknown
    let isOver = false
    const over = (settle: () => void) => {
      isOver = true
      clock.clearTimeout(again)
      clock.clearTimeout(late)
      settle()
    }
    const late = inUse(clock.setTimeout(() => over(() => reject(why)), ms))
    const failed = (cause: Error) => {
      why = cause
      if (!isOver) again = inUse(clock.setTimeout(attempt, AGAIN_MS))
    }
    const attempt = () => void work().then(() => over(resolve), failed)
    attempt()
  })
}

function inUse(timer: unknown): unknown {
  return (timer as Partial<NodeJS.Timeout>).ref?.() ?? timer
}
