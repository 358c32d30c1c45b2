import { constants } from 'node:http2'
import type { Gate } from '@api-terms/core'
import { bearer } from '../callers/ask.js'
import { Http2Caller } from '../callers/http2.js'
import { RawCaller } from '../callers/raw.js'
import type { Running } from '../subjects.js'

/** A caller who has asked, and can leave in several ways. */
export type Ways = Readonly<Record<string, () => unknown>>

export const OVER_HTTP1 = ['destroys its socket', 'resets its connection', 'closes its half'] as const
export const OVER_HTTP2 = ['resets its stream', 'destroys its session', 'closes its socket'] as const

export async function asking(running: Running, target: string): Promise<Ways> {
  if (running.subject.http2) {
    const caller = await Http2Caller.to(running.port)
    const stream = caller.open('GET', target, [bearer('acme')]).resume()
    return {
      async 'resets its stream'() {
        stream.close(constants.NGHTTP2_CANCEL)
        // What a ping is answered after has arrived: nothing else tells.
        await new Promise((resolve) => caller.session.ping(resolve))
      },
      'destroys its session': () => caller.session.destroy(),
      'closes its socket': () => caller.socket.destroy(),
    }
  }
  const { socket } = (await RawCaller.to(running.port, { allowHalfOpen: true })).ask('GET', target, [
    bearer('acme'),
  ])
  return {
    'destroys its socket': () => socket.destroy(),
    'resets its connection': () => socket.resetAndDestroy(),
    'closes its half': () => socket.end(),
  }
}

/** What a gate tells of from now on, counted. */
export function countsOf(gate: Gate) {
  const counts = { admitted: 0, released: 0, abandoned: 0 }
  gate.on('admitted', () => counts.admitted++)
  gate.on('released', () => counts.released++)
  gate.on('abandoned', () => counts.abandoned++)
  return counts
}
