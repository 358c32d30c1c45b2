import type { CompleteClock } from '../clock.js'
import type { Registration, Registry } from '../registry.js'
import { createReceiver } from './received.js'

/** What a look-up led to. */
export type Found = Registration | undefined | typeof UNAVAILABLE

/** The registry failed, or took too long. */
export const UNAVAILABLE = Symbol('unavailable')
/** The registry has to be waited for. */
export const NOT_AT_HAND = Symbol('not at hand')

/** Finds whose a digest is. */
export interface Lookup {
  /** The answer, where it can be had at once. */
  peek(digest: string): Found | typeof NOT_AT_HAND
  /** Waits for the answer; `judge` is called in the very moment in which it is known to hold. */
  wait<T>(digest: string, judge: (found: Found) => T): Promise<T>
  close(): void
}

/** What look-ups need of the gate. */
export interface LookupContext {
  readonly registry: Registry
  readonly clock: CompleteClock
  readonly onLookupFailed?: ((error: unknown) => void) | undefined
}

/** Look-ups in a registry that answers at once: nothing is kept, so a change is in force with the next request. */
export function createDirectLookup(peek: (digest: string) => unknown, context: LookupContext): Lookup {
  const received = createReceiver()
  const report = reporter(context)
  const find = (digest: string): Found => {
    try {
      return received(peek(digest), digest)
    } catch (error) {
      report(error)
      return UNAVAILABLE
    }
  }
  return {
    peek: find,
    wait: (digest, judge) => Promise.resolve(judge(find(digest))),
    close() {},
  }
}

/** Tells of a failed look-up. A listener that fails itself must not fail the request. */
export function reporter({ onLookupFailed }: LookupContext): (error: unknown) => void {
  return (error) => {
    try {
      const told: unknown = onLookupFailed?.(error)
      if (told !== undefined) void Promise.resolve(told).catch(() => undefined)
    } catch {
      // The request's answer does not depend on who is told of it.
    }
  }
}
