import type { OutgoingHttpHeaders } from 'node:http'
import type { Refusal, RefusalHeaders } from '../refusal.js'
import { declaresBody } from '../request.js'
import type { Exchange } from './exchange.js'
import { takesLines, writeHeadWith, writeHeadWithout } from './head.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'

/**
 * Fields of the app that speak of the answer it did not get to give, or would let a refusal be kept (RFC 9213 §2.2: who heeds a
 * targeted field must ignore `no-store`; so does nginx for X-Accel-Expires, Akamai for Edge-Control). All others go with the
 * refusal: those of CORS above all.
 */
const OF_ANOTHER_ANSWER =
  /^(?:content-(?:encoding|language|location|range|disposition)|etag|last-modified|expires|age|accept-ranges|.*-cache-control|surrogate-control|edge-control|x-accel-expires)$/

/** Of these, what whoever takes part in heads may not add: how a body is encoded is theirs to say. */
const OF_CACHES =
  /^(?:etag|last-modified|expires|age|.*-cache-control|surrogate-control|edge-control|x-accel-expires)$/

/** `set`: the fields that the app has set, where they are known already. */
export function removeFieldsOfAnotherAnswer(
  res: Outgoing,
  set: readonly string[] = res.getHeaderNames(),
): void {
  for (const name of set) if (OF_ANOTHER_ANSWER.test(name)) res.removeHeader(name)
}

const CLOSING = Symbol.for('api-terms.closing')

interface Closing {
  [CLOSING]?: true
}

/** RFC 9112 §9.6: after `Connection: close` no further request of the connection is processed; Node may have parsed one already. */
export function isClosing({ socket }: Exchange): boolean {
  return (socket as Closing | undefined)?.[CLOSING] === true
}

/**
 * Whether the answer is to say `Connection: close`, which is noted. RFC 9112 §9.3: a body that nobody will read must not keep the connection.
 * Without this Node would drain all of it.
 */
export function closesUnread({ socket }: Exchange, req: Incoming): boolean {
  if (!socket || req.complete || !declaresBody(req.headers)) return false
  ;(socket as Closing)[CLOSING] = true
  return true
}

/** Answers with a refusal, past all handlers: they would change it, or wait for the whole body first. */
export function writeRefusal(exchange: Exchange, req: Incoming, refusal: Refusal): void {
  const { res } = exchange
  if (res.headersSent) return void res.destroy()
  const set = res.getHeaderNames()
  removeFieldsOfAnotherAnswer(res, set)
  const framing: OutgoingHttpHeaders = { 'Content-Length': refusal.bodyBytes }
  if (closesUnread(exchange, req)) framing.Connection = 'close'
  // A head that is stamped as well, since a gate had admitted the request, has its fields merged.
  const alone = !exchange.admission && !exchange.outer && !set.some((name) => isOf(refusal, name))
  if (alone && takesLines(res)) writeHeadWith(res, refusal.status, framing, linesOf(refusal))
  else {
    // Whoever takes part in heads is to see them.
    for (const [name, value] of Object.entries({ ...besides(res, refusal), ...framing }))
      res.setHeader(name, value!)
    writeHeadWithout(res, refusal.status, OF_CACHES)
  }
  if (req.method === 'HEAD') res.end()
  else res.end(refusal.body, encodingOf(refusal))
}

/** What is ASCII only is the same in Latin-1, which is written without a look at each character. */
function encodingOf({ body, bodyBytes }: Refusal): BufferEncoding {
  return body.length === bodyBytes ? 'latin1' : 'utf8'
}

/** The lines of a refusal's fields, by the fields: most refusals of one kind share theirs. */
const written = new WeakMap<RefusalHeaders, string>()

export function linesOf({ headers }: Refusal): string {
  let lines = written.get(headers)
  if (lines === undefined) {
    lines = Object.entries(headers)
      .flatMap(([name, value]) => listOf(value).map((line) => `${name}: ${line}\r\n`))
      .join('')
    written.set(headers, lines)
  }
  return lines
}

/** Whether the app has set a field that the refusal has too. */
function isOf({ headers }: Refusal, name: string): boolean {
  return Object.keys(headers).some((own) => own.toLowerCase() === name)
}

/** The fields of a refusal beside those of the app: its links are kept. */
function besides(res: Outgoing, { headers }: Refusal): OutgoingHttpHeaders {
  const links = res.getHeader('Link')
  const fields = { ...headers } as OutgoingHttpHeaders
  if (links !== undefined) fields.Link = [...listOf(links), ...listOf(headers.Link)]
  return fields
}

function listOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((line) => line !== undefined).map(String)
}
