import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { readRequest, type Caller, type GateRequest } from '../request.js'

/** A request as Node gives it, over HTTP/1.1 or HTTP/2. */
export type Incoming = IncomingMessage | Http2ServerRequest

/** What an adapter knows better than the bare request. */
export interface IncomingFacts {
  /** The target of the request line, where a mount has shortened `req.url`. */
  readonly target?: string | undefined
  readonly caller?: Caller
}

/** The canonical view of a request of Node. */
export function readIncoming(req: Incoming, facts: IncomingFacts = {}): GateRequest {
  const overHttp2 = isHttp2(req)
  return readRequest({
    // As it is now: whoever stands before the gate may have changed it, and the handler sees that.
    method: req.method ?? '',
    target: facts.target ?? req.url ?? '',
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    caller: facts.caller ?? new NodeCaller(req),
    // Over HTTP/2 many callers may share one.
    wire: overHttp2 ? undefined : req.socket,
    hasBody: overHttp2 ? hasBodyOverHttp2(req) : undefined,
  })
}

function hasBodyOverHttp2({ stream, headers }: Http2ServerRequest): boolean {
  return !stream.endAfterHeaders && headers['content-length'] !== '0'
}

/** The version alone does not tell: Node's parser of HTTP/1.1 lets `GET / HTTP/2.0` by. Only HTTP/2 has pseudo-fields. */
export function isHttp2(req: Incoming): req is Http2ServerRequest {
  return req.httpVersionMajor === 2 && req.headers[':method'] !== undefined
}

class NodeCaller implements Caller {
  readonly #req: Incoming

  constructor(req: Incoming) {
    this.#req = req
  }

  get secure(): boolean {
    return (this.#req.socket as Partial<TLSSocket>).encrypted === true
  }

  get remoteAddress(): string | undefined {
    return this.#req.socket.remoteAddress
  }
}
