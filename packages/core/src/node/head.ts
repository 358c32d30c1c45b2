import { ServerResponse, type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http'
import { AddedLines } from './added-lines.js'
import { carriedBy, type Carried } from './exchange.js'
import type { Outgoing } from './outgoing.js'

type Fields =
  | OutgoingHttpHeaders
  | readonly OutgoingHttpHeader[]
  | readonly (readonly [string, OutgoingHttpHeader])[]

type WriteHead = (this: Outgoing, status: number, ...rest: unknown[]) => Outgoing

/** A response of HTTP/1.1: `writeHead` ends here, with the status line and all fields, and the head is put together. */
interface Storing extends ServerResponse {
  _storeHeader?: (firstLine: string, fields?: Fields | null) => void
  getRawHeaderNames(): string[]
}

/** Node's own. Whoever puts another `writeHead` in its place may look at the fields afterwards. */
const {
  writeHead: nodeWriteHead,
  _storeHeader: nodeStoreHeader,
  getHeaderNames,
} = ServerResponse.prototype as Storing

/**
 * Has every head of the response stamped, implicit ones included, as it is written: only then is the status known, and only what is
 * written there survives the error handlers of Express and Koa, which remove what was set before.
 */
export function hookHead(res: Outgoing, isServed: boolean): void {
  const storing = res as Storing
  const takes = isServed && nodeStoreHeader && storing._storeHeader === nodeStoreHeader
  if (takes) storing._storeHeader = storeStamped
  else hookWriteHead(res)
}

/** Lines for the head of a refusal, while it is written. */
let linesOfRefusal = ''

/** Whether lines can be added to the head of this response: nobody has put another `writeHead` in place, which may look at its fields, or come to it later. */
export function takesLines(res: Outgoing): res is ServerResponse {
  return (res as Storing)._storeHeader === storeStamped && res.writeHead === nodeWriteHead
}

/** Writes a head with lines that are sent as they are: nothing of a caller's may be in them. For who {@link takesLines}. */
export function writeHeadWith(
  res: ServerResponse,
  status: number,
  fields: OutgoingHttpHeaders,
  lines: string,
): void {
  linesOfRefusal = lines
  try {
    res.writeHead(status, fields)
  } finally {
    linesOfRefusal = ''
  }
}

/** What is not to be on the head of a refusal, while it is written. */
let unwanted: { readonly res: Outgoing; readonly fields: RegExp } | undefined

/** Writes a head that has its fields. What others add to it as it is written, and is not wanted on it, is taken off again. */
export function writeHeadWithout(res: Outgoing, status: number, fields: RegExp): void {
  unwanted = { res, fields }
  try {
    ;(res as ServerResponse).writeHead(status)
  } finally {
    unwanted = undefined
  }
}

function removeFields(res: Storing, fields: RegExp): void {
  for (const name of getHeaderNames.call(res)) if (fields.test(name)) res.removeHeader(name)
}

/** One function for all responses: what it needs stands with the request. */
function storeStamped(this: Storing, firstLine: string, fields?: Fields | null): void {
  if (unwanted?.res === this) removeFields(this, unwanted.fields)
  const carried = carriedBy(this.req)
  const status = this.statusCode
  // 1xx are no heads of a response.
  if (!carried?.admission || status < 200)
    return nodeStoreHeader!.call(this, firstLine + linesOfRefusal, fields)
  const names = getHeaderNames.call(this)
  // Given to `writeHead` alone, they are not seen by `getHeader`.
  if (names.length === 0 && isGiven(fields)) return writeHeadAnew(this, status, fields)
  // What a second gate stamps depends on what the first has: both write to the response itself.
  if (carried.outer || !isNodes(this)) {
    stampAll(carried, this)
    return nodeStoreHeader!.call(this, firstLine, fields ?? fieldsOf(this))
  }
  const head = new AddedLines(this, status, names)
  carried.admission.stamp(head)
  return nodeStoreHeader!.call(this, firstLine + head.lines, fields)
}

/** Writes the head once more, with its fields set. What a head that cannot be written has set is not for the next. */
function writeHeadAnew(res: Storing, status: number, fields: Fields): void {
  try {
    setFields(res, fields)
    ;(nodeWriteHead as WriteHead).call(res, status, res.statusMessage)
  } catch (error) {
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    throw error
  }
}

/**
 * Whoever has hooked `writeHead` on the response itself calls the one before, and is done; another prototype may do otherwise. That is
 * looked at where the first look does not tell: it costs a call into the engine.
 */
function isNodes(res: Outgoing): boolean {
  return (
    res.writeHead === nodeWriteHead ||
    (Object.getPrototypeOf(res) as ServerResponse).writeHead === nodeWriteHead
  )
}

function isGiven(fields: Fields | null | undefined): fields is Fields {
  return fields != null && Object.keys(fields).length > 0
}

function fieldsOf(res: Storing): OutgoingHttpHeaders {
  return Object.fromEntries(res.getRawHeaderNames().map((name) => [name, res.getHeader(name)!]))
}

/** For responses of HTTP/2, and of whoever answers requests without a socket. */
function hookWriteHead(res: Outgoing): void {
  const before = res.writeHead as WriteHead
  res.writeHead = function stampedWriteHead(status: number, ...rest: unknown[]) {
    return writeStamped(res, before, status, rest)
  } as typeof res.writeHead
}

function writeStamped(res: Outgoing, writeHead: WriteHead, status: number, rest: unknown[]): Outgoing {
  const carried = carriedBy(res.req)
  // A second head is for Node to complain about.
  if (!carried?.admission || status < 200 || res.headersSent) return writeHead.call(res, status, ...rest)
  const message = typeof rest[0] === 'string' ? rest[0] : undefined
  const fields = (message === undefined ? (rest[0] ?? rest[1]) : rest[1]) as Fields | undefined
  if (fields) setFields(res, fields)
  res.statusCode = status
  stampAll(carried, res)
  return message === undefined ? writeHead.call(res, status) : writeHead.call(res, status, message)
}

/** The inner gate first, as its word is the narrower one. */
function stampAll(carried: Carried, res: Outgoing): void {
  for (let inner: Carried | undefined = carried; inner; inner = inner.outer) inner.admission?.stamp(res)
}

/** Sets fields given to `writeHead` as Node would have merged them: in place of those that are set, and each as often as it is given. */
function setFields(res: Outgoing, fields: Fields): void {
  const seen = new Set<string>()
  for (const [name, value] of pairsOf(fields)) {
    const isSeen = seen.has(name.toLowerCase())
    if (isSeen) res.appendHeader(name, value as string)
    else res.setHeader(name, value)
    seen.add(name.toLowerCase())
  }
}

function pairsOf(fields: Fields): (readonly [string, OutgoingHttpHeader])[] {
  if (!Array.isArray(fields)) return Object.entries(fields as Record<string, OutgoingHttpHeader>)
  const list = fields as readonly unknown[]
  if (Array.isArray(list[0])) return list as (readonly [string, OutgoingHttpHeader])[]
  if (list.length % 2 !== 0) throw new OddFieldsError()
  const pairs: (readonly [string, OutgoingHttpHeader])[] = []
  for (let at = 0; at < list.length; at += 2)
    pairs.push([String(list[at]), list[at + 1] as OutgoingHttpHeader])
  return pairs
}

/** As Node says it. */
class OddFieldsError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_VALUE'

  constructor() {
    super("The argument 'headers' is invalid: a name has no value")
  }
}
