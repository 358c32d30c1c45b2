import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import {
  type CachedAnswer,
  type CachePolicy,
  type CachingOptions,
  compilePolicy,
  createCaching,
} from '../src/caching/index.js'

export type Fields = Record<string, string | number | readonly string[]>

/** A head as Node has it, with the fields that a handler set. */
export function headWith(fields: Fields = {}): ServerResponse {
  const head = new ServerResponse(new IncomingMessage(new Socket()))
  for (const [name, value] of Object.entries(fields)) head.setHeader(name, value)
  return head
}

export const NOW = Date.UTC(2026, 0, 1)

export type Asked = Partial<Omit<CachedAnswer, 'own'>> & { own?: CachePolicy }

/** The fields of an answer as a caller sees them, and what stamping told the gate. */
export function stampedAnswer(options: CachingOptions, fields: Fields = {}, asked: Asked = {}) {
  const head = headWith(fields)
  const { own, ...answer } = asked
  const shared = createCaching(options, () => NOW).stamp(head, {
    method: 'GET',
    path: '/v1/extensions',
    status: 200,
    account: 'acme',
    vary: 'Authorization',
    own: own === undefined ? undefined : compilePolicy(own),
    ...answer,
  })
  return { shared, fields: head.getHeaders(), head }
}

/** The Cache-Control that a handler's value comes to under a ceiling. */
export function under(ceiling: CachePolicy, cacheControl?: string | readonly string[], asked: Asked = {}) {
  const fields = cacheControl === undefined ? {} : { 'Cache-Control': cacheControl }
  return stampedAnswer({ default: ceiling }, fields, asked).fields['cache-control']
}
