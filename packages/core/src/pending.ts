/** An answer that has to be waited for, and that who waits may leave. */
export interface Pending<Answer> {
  readonly answer: Promise<Answer>
  /**
   * Nobody waits any more: the wait ends now. `answer` still settles; what it grants, because it was given just before,
   * is for who left to give back.
   */
  leave(): void
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined)?.then === 'function'
}

export function isPending<T extends object>(value: T | Pending<T>): value is Pending<T> {
  return 'leave' in value
}
