import type { ServerResponse } from 'node:http'
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Admission } from '../admission.js'
import type { Carrier, Traffic } from '../carrier.js'
import type { Gate } from '../gate.js'
import { cutOff, isGone } from './cut-off.js'
import { isHttp2, type Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { socketProgress, streamProgress } from './progress.js'
import { markOf, measureStream, streamTraffic, type Mark } from './traffic.js'

/** What a request carries of its admission: an exchange of request and response, or an upgraded socket. */
export interface Carried {
  /** Absent until a gate has admitted the request. */
  readonly admission: Admission | undefined
  /** What another gate before this one has put there. */
  readonly outer: Carried | undefined
}

/** A symbol of the whole process, so that two loaded copies of this package find the same one. */
const CARRIED = Symbol.for('api-terms.carried')

interface Carrying {
  [CARRIED]?: Carried
}

export function carriedBy(req: object): Carried | undefined {
  return (req as Carrying)[CARRIED]
}

export function carry(req: object, carried: Carried): void {
  ;(req as Carrying)[CARRIED] = carried
}

/** What carries the admission that this gate has given already: several mounts of one gate count a request once. */
export function carriedThrough(gate: Gate, carried: Carried | undefined): Carried | undefined {
  let at = carried
  while (at && at.admission?.gate !== gate) at = at.outer
  return at
}

/**
 * The admission of a request of Node, of Express, or `ctx.req` of Koa; that of the innermost gate, where several stand one behind
 * another. `undefined` where no gate has admitted it, or the gate does not know who asks (see {@link Admission.identified}).
 */
export function admissionOf(req: object): Admission | undefined {
  for (let carried = carriedBy(req); carried; carried = carried.outer) {
    if (carried.admission) return carried.admission.identified ? carried.admission : undefined
  }
  return undefined
}

/** Node notes on a socket which response it is sending. */
interface Serving extends Socket {
  readonly _httpMessage?: unknown
}

/** The answer that is going out through a socket, or is owed next. */
export function answerOn(socket: Duplex): ServerResponse | undefined {
  return (socket as { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}

/** `false` where Node does not tell. */
export function isSending(socket: Serving, res: Outgoing): boolean {
  return socket._httpMessage === res
}

/** A request and its response. There is one for each open connection: it holds nothing that the response leads to. */
export class Exchange implements Carrier, Carried {
  admission: Admission | undefined = undefined
  /** Where its bytes are counted, over HTTP/1.1. */
  mark: Mark | undefined = undefined

  constructor(readonly res: Outgoing) {}

  get outer(): Carried | undefined {
    return undefined
  }

  /** Absent over HTTP/2, where many exchanges share one. */
  get socket(): Socket | undefined {
    const req: Incoming = this.res.req
    return isHttp2(req) ? undefined : req.socket
  }

  /** Whether the caller is gone, or the response is over. */
  get isOver(): boolean {
    const { socket } = this
    if (socket)
      return (
        isGone(socket) || (!isSending(socket, this.res) && (this.res as { destroyed: boolean }).destroyed)
      )
    const { stream } = this
    return stream === undefined || stream.destroyed
  }

  end(): void {
    const { socket, res } = this
    if (!socket) return this.stream?.close(constants.NGHTTP2_CANCEL)
    const destroy = () => (res as { destroy(): void }).destroy()
    // What has been given whole to the system is an answer: it may go out.
    const isGiven = (res as ServerResponse).writableEnded && socket.writableLength === 0
    if (isSending(socket, res) && !isGiven) cutOff(socket, destroy)
    else destroy()
  }

  progress(): number | undefined {
    if (this.socket) {
      const { socket } = this.res
      return socket ? socketProgress(socket) : undefined
    }
    const { stream } = this
    if (!stream) return undefined
    return streamProgress(stream)
  }

  /** Has bytes counted from now on. */
  measure(): void {
    const { socket } = this
    if (socket) this.mark = markOf(socket)
    else if (this.stream) measureStream(this.stream)
  }

  traffic(): Traffic | undefined {
    if (this.mark) return this.mark.takenBy(this.res)
    return this.socket || !this.stream ? undefined : streamTraffic(this.stream)
  }

  private get stream() {
    return (this.res as Http2ServerResponse).stream as ServerHttp2Stream | undefined
  }
}

/** What a second gate of a request opens: the exchange that the first has opened goes on. */
export class InnerExchange extends Exchange {
  readonly #outer: Exchange

  constructor(outer: Exchange) {
    super(outer.res)
    this.mark = outer.mark
    this.#outer = outer
  }

  override get outer(): Exchange {
    return this.#outer
  }
}
