import type { CompleteClock } from '../clock.js'

/** Bounds work in time. */
interface TimeLimit {
  /** Settles as the work does, or rejects when the time is up. What the work comes to later is dropped. */
  within<T>(work: () => Promise<T>): Promise<T>
  /** Rejects all that is under way, and ends its timers. */
  close(): void
}

/** @param ms how long each piece of work may take */
export function createTimeLimit(ms: number, clock: CompleteClock): TimeLimit {
  const underWay = new Set<(error: Error) => void>()

  return {
    within<T>(work: () => Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        const giveUp = (error: Error) => {
          end()
          reject(error)
        }
        const end = () => {
          clock.clearTimeout(timer)
          underWay.delete(giveUp)
        }
        const timer = clock.setTimeout(
          () => giveUp(new Error(`the registry gave no answer within ${ms} ms`)),
          ms,
        )
        underWay.add(giveUp)
        // Called inside a promise, so that a synchronous throw is a rejection; both outcomes are taken, so a late one is quiet.
        void new Promise<T>((settle) => settle(work())).then(resolve, reject).finally(end)
      })
    },
    close() {
      for (const giveUp of underWay) giveUp(new Error('the gate was closed during a look-up'))
    },
  }
}
