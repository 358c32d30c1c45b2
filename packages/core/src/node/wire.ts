import type { Socket } from 'node:net'
import type { Mark } from './traffic.js'

/** A symbol of the whole process, so that two loaded copies of this package find the same notes. */
const WIRE = Symbol.for('api-terms.wire')

/** What is noted on a socket, in one place: each look at a socket costs the engine a search. */
export class Wire {
  /** RFC 9112 §9.6: after `Connection: close` no further request is processed. */
  closing = false
  /** Absent where its bytes are not counted. */
  mark: Mark | undefined = undefined
}

/** The notes on a socket of HTTP/1.1. */
export function wireOf(socket: Socket): Wire {
  const noted = socket as Socket & { [WIRE]?: Wire }
  return (noted[WIRE] ??= new Wire())
}
