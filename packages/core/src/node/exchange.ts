import { constants } from 'node:http2'
import type { Admission } from '../admission.js'
import type { Carrier } from '../carrier.js'
import type { Gate } from '../gate.js'
import type { Incoming } from './incoming.js'
import { isHttp2Response, type Outgoing } from './outgoing.js'
import { socketProgress, StreamProgress } from './progress.js'

/** What a request carries of its admission: an exchange of request and response, or an upgraded socket. */
export interface Carried {
  readonly gate: Gate
  readonly admission: Admission
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

/** The admission that this gate has already given the request: several mounts of one gate count it once. */
export function admissionBy(gate: Gate, req: object): Admission | undefined {
  let carried = carriedBy(req)
  while (carried && carried.gate !== gate) carried = carried.outer
  return carried?.admission
}

/**
 * The admission of a request of Node, of Express, or `ctx.req` of Koa; that of the innermost gate, where several stand one behind
 * another. `undefined` where no gate has admitted it, or the gate does not know who asks (see {@link Admission.identified}).
 */
export function admissionOf(req: object): Admission | undefined {
  const admission = carriedBy(req)?.admission
  return admission?.identified ? admission : undefined
}

/** An admitted request and its response. */
export class Exchange implements Carrier, Carried {
  #streamProgress: StreamProgress | undefined

  constructor(
    readonly gate: Gate,
    readonly admission: Admission,
    readonly outer: Carried | undefined,
    readonly res: Outgoing,
    /** As it was before it was hooked. */
    readonly writeHead: Outgoing['writeHead'],
  ) {}

  end(): void {
    if (isHttp2Response(this.res)) this.res.stream?.close(constants.NGHTTP2_CANCEL)
    else this.res.destroy()
  }

  progress(): number | undefined {
    const { res } = this
    if (!isHttp2Response(res)) return res.socket ? socketProgress(res.socket) : undefined
    if (!res.stream) return undefined
    this.#streamProgress ??= new StreamProgress()
    return this.#streamProgress.of(res.stream)
  }
}

/** The response is over: whatever gates have admitted the request give its slots back. */
export function releaseAll(req: Incoming): void {
  for (let carried = carriedBy(req); carried; carried = carried.outer) carried.admission.release()
}
