import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { holdContinue } from './continue.js'
import { releaseOnClose } from './ending.js'
import { carry, Exchange } from './exchange.js'
import { hookHead } from './head.js'
import { isHttp2, type Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { markOf } from './traffic.js'

const WATCHED = Symbol.for('api-terms.arrivals')
/** On a server whose requests go through a gate: what is done to each of them. */
const GATED = Symbol.for('api-terms.gated')

/** Makes a request and its response ready for a framework, before it has them. */
export type Prepare = (req: IncomingMessage, res: ServerResponse) => void

/** What is to be made ready, if anything, as seen on the first exchange of a server. */
export type Preparing = (req: Incoming, res: Outgoing) => Prepare | undefined

interface Arriving {
  readonly prepare: Prepare
  /** Those of requests that pass no gate are told apart as well: a socket may carry both. */
  measures: boolean
}

interface Gated {
  [GATED]?: Arriving
}

interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
  readonly server: Server & Gated
}

/**
 * Looks at each request of the process as it arrives, before any framework has it: to hold `100 Continue` back, and to make ready,
 * on servers with a gate, what the gate and its framework will need of request and response: members that are added once Express has
 * given both other prototypes cost ten times as much.
 * Once for the whole process, whatever number of copies of this package there is. Only over HTTP/1.1: Node tells of no others.
 */
export function watchArrivals(): void {
  const process_ = globalThis as { [WATCHED]?: true }
  if (process_[WATCHED]) return
  process_[WATCHED] = true
  subscribe('http.server.request.start', (message) => {
    const { request, response, server, socket } = message as Arrival
    const gated = server[GATED]
    if (gated) {
      const exchange = open(request, response, true)
      gated.prepare(request, response)
      if (gated.measures) exchange.mark = markOf(socket)
    }
    if (request.headers.expect !== undefined) holdContinue(response, server)
  })
}

/** The exchange of a request that no gate has taken up before; opened now, on the first request of a server and over HTTP/2. */
export function openLate(req: Incoming, res: Outgoing, preparing: Preparing | undefined): Exchange {
  const server = serverOf(req)
  if (!server && !isHttp2(req)) return openAlone(req, res as ServerResponse)
  const exchange = open(req, res, true)
  if (server) server[GATED] = { prepare: preparing?.(req, res) ?? nothing, measures: false }
  return exchange
}

/**
 * Where no server of Node has made them, as in a function that is called with an event: then the response may not know its request, only
 * `finish` tells of its end, and its fields are read from it.
 */
function openAlone(req: IncomingMessage, res: ServerResponse): Exchange {
  if (res.req !== req) (res as { req: IncomingMessage }).req = req
  res.on('finish', releaseOnClose)
  return open(req, res, false)
}

/** Has the bytes of an exchange counted, and those of all that come to its server from now on. */
export function measure(exchange: Exchange): void {
  exchange.measure()
  const gated = serverOf(exchange.res.req)?.[GATED]
  if (gated) gated.measures = true
}

/** None over HTTP/2. */
function serverOf(req: Incoming): Gated | undefined {
  return isHttp2(req) ? undefined : (req.socket as { readonly server?: Gated } | undefined)?.server
}

function nothing(): void {}

function open(req: Incoming, res: Outgoing, isServed: boolean): Exchange {
  const exchange = new Exchange(res)
  carry(req, exchange)
  hookHead(res, isServed)
  res.on('close', releaseOnClose)
  return exchange
}
