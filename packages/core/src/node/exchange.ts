import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Admission } from '../admission.js'
import type { Carrier, Traffic } from '../carrier.js'
import type { Gate } from '../gate.js'
import { isHttp2, type Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { socketProgress, streamProgress } from './progress.js'
import { measureSocket, measureStream, socketTraffic, streamTraffic } from './traffic.js'

/** What a request carries of its admission: an exchange of request and response, or an upgraded socket. */
export interface Carried {
  /** Absent, as its admission, until a gate has admitted the request. */
  readonly gate: Gate | undefined
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
  while (at && at.gate !== gate) at = at.outer
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

/** `false` where Node does not tell. */
export function isSending(socket: Serving, res: Outgoing): boolean {
  return socket._httpMessage === res
}

/** A request and its response. */
export class Exchange implements Carrier, Carried {
  gate: Gate | undefined = undefined
  admission: Admission | undefined = undefined
  /** Absent over HTTP/2, where many exchanges share one. */
  readonly socket: Socket | undefined

  constructor(
    req: Incoming,
    readonly res: Outgoing,
    readonly outer: Carried | undefined,
  ) {
    this.socket = isHttp2(req) ? undefined : req.socket
  }

  /** Whether the caller is gone, or the response is over. */
  get isOver(): boolean {
    const { socket } = this
    if (socket)
      return (
        socket.destroyed || (!isSending(socket, this.res) && (this.res as { destroyed: boolean }).destroyed)
      )
    const { stream } = this
    return stream === undefined || stream.destroyed
  }

  end(): void {
    if (this.socket) (this.res as { destroy(): void }).destroy()
    else this.stream?.close(constants.NGHTTP2_CANCEL)
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
    if (this.socket) measureSocket(this.socket)
    else if (this.stream) measureStream(this.stream)
  }

  traffic(): Traffic | undefined {
    if (this.socket) return socketTraffic(this.socket, this.res)
    return this.stream && streamTraffic(this.stream)
  }

  private get stream() {
    return (this.res as Http2ServerResponse).stream as ServerHttp2Stream | undefined
  }
}
