import { StoreError } from '@api-terms/core'

/** Rejects with a StoreError after so many ms, whatever the client's own queue does with the command. */
export function withinTime<T>(ms: number, sent: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StoreError(`Redis took longer than ${ms} ms`)), ms).unref()
    const settle = () => clearTimeout(timer)
    sent.finally(settle).then(resolve, (cause: unknown) => reject(new StoreError('Redis failed', { cause })))
  })
}
