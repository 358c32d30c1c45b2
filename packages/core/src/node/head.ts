import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import { carriedBy, type Exchange } from './exchange.js'
import type { Outgoing } from './outgoing.js'

type Fields =
  | OutgoingHttpHeaders
  | readonly OutgoingHttpHeader[]
  | readonly (readonly [string, OutgoingHttpHeader])[]

/**
 * Takes the place of `res.writeHead`, which every head goes through, implicit ones included: only then is the status known, and
 * only what is written here survives the error handlers of Express and Koa, which remove what was set before. One function for
 * all responses: what it needs stands with the request.
 */
export function stampedWriteHead(this: Outgoing, status: number, ...rest: unknown[]): Outgoing {
  const exchange = carriedBy(this.req) as Exchange
  const { writeHead } = hookedOf(exchange)
  // 1xx are no heads of a response; a second head is for Node to complain about.
  if (status < 200 || this.headersSent) return Reflect.apply(writeHead, this, [status, ...rest]) as Outgoing
  const message = typeof rest[0] === 'string' ? rest[0] : undefined
  const fields = (message === undefined ? (rest[0] ?? rest[1]) : rest[1]) as Fields | undefined
  if (fields) setFields(this, fields)
  this.statusCode = status
  stampAll(exchange, this)
  return Reflect.apply(writeHead, this, message === undefined ? [status] : [status, message]) as Outgoing
}

/** The outermost gate was there first, and has hooked the response. */
function hookedOf(exchange: Exchange): Exchange {
  let hooked = exchange
  while (hooked.outer) hooked = hooked.outer as Exchange
  return hooked
}

/** The inner gate first, as its word is the narrower one. */
function stampAll(exchange: Exchange, res: Outgoing): void {
  let inner: Exchange | undefined = exchange
  while (inner) {
    inner.admission.stamp(res)
    inner = inner.outer as Exchange | undefined
  }
}

/** Fields given to `writeHead` are not seen by `getHeader` afterwards: set them first, as Node would have merged them. */
function setFields(res: Outgoing, fields: Fields): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields as OutgoingHttpHeaders))
      res.setHeader(name, value as string)
    return
  }
  const seen = new Set<string>()
  for (const [name, value] of pairsOf(fields)) {
    if (seen.has(name.toLowerCase())) res.appendHeader(name, value as string)
    else res.setHeader(name, value)
    seen.add(name.toLowerCase())
  }
}

function pairsOf(fields: readonly unknown[]): (readonly [string, OutgoingHttpHeader])[] {
  if (Array.isArray(fields[0])) return fields as (readonly [string, OutgoingHttpHeader])[]
  const pairs: (readonly [string, OutgoingHttpHeader])[] = []
  for (let at = 0; at + 1 < fields.length; at += 2)
    pairs.push([String(fields[at]), fields[at + 1] as OutgoingHttpHeader])
  return pairs
}
