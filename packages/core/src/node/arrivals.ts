import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { holdContinue } from './continue.js'
import { releaseOnClose } from './ending.js'
import { carry, Exchange } from './exchange.js'
import { hookHead } from './head.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { isMeasured, measureSocket } from './traffic.js'

const WATCHED = Symbol.for('api-terms.arrivals')
/** On a server whose requests go through a gate: what its framework has made ready of each of them. */
const GATED = Symbol.for('api-terms.gated')

/** Makes a request and its response ready for a framework, before it has them. */
export type Prepare = (req: IncomingMessage, res: ServerResponse) => void

/** What is to be made ready, if anything, as seen on the first exchange of a server. */
export type Preparing = (req: Incoming, res: Outgoing) => Prepare | undefined

interface Gated {
  [GATED]?: Prepare
}

interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
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
    const { request, response, server } = message as Arrival
    const prepare = server[GATED]
    if (prepare) {
      open(request, response)
      prepare(request, response)
      if (isMeasured(server)) measureSocket(request.socket)
    }
    if (request.headers.expect !== undefined) holdContinue(response, server)
  })
}

/** The exchange of a request that no gate has taken up before; opened now, on the first request of a server and over HTTP/2. */
export function openLate(req: Incoming, res: Outgoing, preparing: Preparing | undefined): Exchange {
  const exchange = open(req, res)
  const { server } = (exchange.socket ?? {}) as Socket & { server?: Gated }
  if (server) server[GATED] = preparing?.(req, res) ?? nothing
  return exchange
}

function nothing(): void {}

function open(req: Incoming, res: Outgoing): Exchange {
  const exchange = new Exchange(res)
  carry(req, exchange)
  hookHead(res)
  res.on('close', releaseOnClose)
  return exchange
}
