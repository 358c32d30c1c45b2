import { STATUS_CODES } from 'node:http'
import type { Inquiry } from '../inquiry.js'
import type { Refusal } from '../refusal.js'
import type { Exchange } from './exchange.js'
import type { Incoming } from './incoming.js'
import { closesUnread, removeFieldsOfAnotherAnswer, writeRefusal } from './refuse.js'

/** An answer of the router's own: JSON, kept by nobody. */
export interface JsonAnswer {
  readonly status: number
  readonly json: unknown
}

/** A problem that rests on no clause (RFC 9457 §4.2.1). */
export function problem(status: number, detail: string): JsonAnswer {
  return { status, json: { type: 'about:blank', title: STATUS_CODES[status], status, detail } }
}

/** Writes an answer, unless the caller has gone. */
export function writeAnswer(
  exchange: Exchange,
  req: Incoming,
  answer: Refusal | JsonAnswer,
  terms: Inquiry['terms'] | undefined,
): void {
  const { res } = exchange
  if (exchange.isOver) return
  if ('reason' in answer) return writeRefusal(exchange, req, answer)
  if (res.headersSent) return void res.destroy()
  const { status, json } = answer
  const body = JSON.stringify(json)
  removeFieldsOfAnotherAnswer(res)
  res.statusCode = status
  res.setHeader('Content-Type', status < 400 ? 'application/json' : 'application/problem+json')
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.setHeader('Cache-Control', 'no-store')
  if (terms) res.appendHeader('Link', `<${terms.url}>; rel="terms-of-service"`)
  if (closesUnread(exchange, req)) res.setHeader('Connection', 'close')
  if (req.method === 'HEAD') res.end()
  else res.end(body)
}
