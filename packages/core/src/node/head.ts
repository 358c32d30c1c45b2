import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { AddedLines, addLines, takesLines } from './added-lines.js'
import { carriedBy, type Carried } from './exchange.js'
import type { Outgoing } from './outgoing.js'

type Fields =
  | OutgoingHttpHeaders
  | readonly OutgoingHttpHeader[]
  | readonly (readonly [string, OutgoingHttpHeader])[]

type WriteHead = (this: Outgoing, status: number, ...rest: unknown[]) => Outgoing

/**
 * Has every head of the response stamped. All heads go through `writeHead`, implicit ones included: only then is the status known, and
 * only what is written there survives the error handlers of Express and Koa, which remove what was set before.
 */
export function hookHead(res: Outgoing): void {
  const before = res.writeHead as WriteHead
  const own = Object.hasOwn(res, 'writeHead')
  res.writeHead = (own ? stampedBefore(before) : stampedWriteHead) as typeof res.writeHead
}

/** One function for all responses: what it needs stands with the request. */
function stampedWriteHead(this: Outgoing, status: number, ...rest: unknown[]): Outgoing {
  return writeStamped(this, inheritedWriteHead(this), status, rest)
}

/** Whether the head of this response is written by Node itself, with nobody but this package in between. */
export function isUnhooked(res: Outgoing): res is ServerResponse {
  return (res.writeHead as WriteHead) === stampedWriteHead && takesLines(res, inheritedWriteHead(res))
}

/** For a response whose `writeHead` somebody has hooked before. */
function stampedBefore(writeHead: WriteHead): WriteHead {
  return function stampedWriteHeadOfAnother(status, ...rest) {
    return writeStamped(this, writeHead, status, rest)
  }
}

/** Looked up when it is called: a framework may have given the response another prototype meanwhile. */
function inheritedWriteHead(res: Outgoing): WriteHead {
  let holder = res
  do holder = Object.getPrototypeOf(holder) as Outgoing
  while ((holder.writeHead as WriteHead) === stampedWriteHead)
  return holder.writeHead as WriteHead
}

function writeStamped(res: Outgoing, writeHead: WriteHead, status: number, rest: unknown[]): Outgoing {
  const carried = carriedBy(res.req)
  // 1xx are no heads of a response; a second head is for Node to complain about.
  if (!carried?.admission || status < 200 || res.headersSent) return writeHead.call(res, status, ...rest)
  const message = typeof rest[0] === 'string' ? rest[0] : undefined
  const fields = (message === undefined ? (rest[0] ?? rest[1]) : rest[1]) as Fields | undefined
  if (fields) setFields(res, fields)
  res.statusCode = status
  const write = () =>
    message === undefined ? writeHead.call(res, status) : writeHead.call(res, status, message)
  // What a second gate stamps depends on what the first has: both write to the response itself.
  if (carried.outer || !takesLines(res, writeHead)) {
    stampAll(carried, res)
    return write()
  }
  const head = new AddedLines(res)
  carried.admission.stamp(head)
  write()
  addLines(res, head.lines)
  return res
}

/** The inner gate first, as its word is the narrower one. */
function stampAll(carried: Carried, res: Outgoing): void {
  for (let inner: Carried | undefined = carried; inner; inner = inner.outer) inner.admission?.stamp(res)
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
