import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Refusal } from '../refusal.js'
import type { Exchange } from './exchange.js'
import type { Incoming } from './incoming.js'

/**
 * Fields of the app that speak of the answer it did not get to give, or would let a refusal be kept (RFC 9213 §2.2: who heeds a
 * targeted field must ignore `no-store`; so does nginx for X-Accel-Expires, Akamai for Edge-Control). All others go with the
 * refusal: those of CORS above all.
 */
const OF_ANOTHER_ANSWER =
  /^(?:content-(?:type|length|encoding|language|location|range|disposition)|etag|last-modified|expires|age|accept-ranges|.*-cache-control|surrogate-control|edge-control|x-accel-expires)$/

const CLOSING = Symbol.for('api-terms.closing')

interface Closing {
  [CLOSING]?: true
}

/** RFC 9112 §9.6: after `Connection: close` no further request of the connection is processed; Node may have parsed one already. */
export function isClosing({ socket }: Exchange): boolean {
  return (socket as Closing | undefined)?.[CLOSING] === true
}

/** Answers with a refusal, past all handlers: they would change it, or wait for the whole body first. */
export function writeRefusal(exchange: Exchange, req: Incoming, refusal: Refusal): void {
  const { res, socket } = exchange
  if (res.headersSent) return void res.destroy()
  const headers: OutgoingHttpHeaders = { ...(refusal.headers as OutgoingHttpHeaders) }
  headers['Content-Length'] = Buffer.byteLength(refusal.body)
  const set = res.getHeaderNames()
  for (const name of set) if (OF_ANOTHER_ANSWER.test(name)) res.removeHeader(name)
  if (set.includes('link')) headers.Link = [...linesOf(res.getHeader('link')), ...linesOf(headers.Link)]
  // RFC 9112 §9.3: a body that nobody will read must not keep the connection. Without this Node would drain all of it.
  if (socket && declaresBody(exchange) && !req.complete) {
    headers.Connection = 'close'
    ;(socket as Closing)[CLOSING] = true
  }
  ;(res as ServerResponse).writeHead(refusal.status, headers)
  if (req.method === 'HEAD') res.end()
  else res.end(refusal.body)
}

function declaresBody({ headers }: Exchange): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

function linesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((line) => line !== undefined).map(String)
}
