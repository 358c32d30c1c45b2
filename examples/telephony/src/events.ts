import { setTimeout } from 'node:timers/promises'
import type { Calls } from './calls.js'

/** How an account's lines stand at a moment: what event streams and WebSockets tell. */
export interface LinesEvent {
  readonly id: number
  /** In ISO 8601. */
  readonly at: string
  /** How many calls are ringing. */
  readonly ringing: number
  /** How many calls have been answered and not ended. */
  readonly answered: number
}

/**
 * One event at once and then one a second, until the signal. The next second is counted from when the last event was taken, so
 * that events do not pile up for a reader that is slow.
 */
export async function* linesEvents(
  calls: Calls,
  account: string,
  ended: AbortSignal,
): AsyncGenerator<LinesEvent> {
  for (let id = 1; !ended.aborted; id += 1) {
    const live = calls.of(account)
    const ringing = live.filter((call) => call.state === 'ringing').length
    yield { id, at: new Date().toISOString(), ringing, answered: live.length - ringing }
    await setTimeout(1_000, undefined, { signal: ended }).catch(() => undefined)
  }
}

/** The same as `text/event-stream` (WHATWG HTML, 9.2). */
export async function* eventStream(events: AsyncIterable<LinesEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`
}
