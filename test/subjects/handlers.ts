import type { Admission } from '@api-terms/core'
import type { Incoming, Outgoing } from '@api-terms/core/node'

/** Header fields as a program sets them: a list stands for several lines. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

/** What a handler gets that answers past its framework. */
export interface Exchanged {
  readonly req: Incoming
  readonly res: Outgoing
  /** What `admissionOf` of the framework says. */
  readonly admission: Admission | undefined
}

/** An answer given in the framework's own way: `res.json`, `ctx.body`, `res.end`. */
export interface Answer {
  readonly status?: number
  readonly fields?: Fields
  readonly json?: unknown
  readonly text?: string
}

/** What a handler does, the same behind every framework. */
export type Handler =
  | { readonly answers: Answer }
  /** In the framework's way: a throw, which Express and Koa turn into a 500. */
  | { readonly throws: string }
  /** In the framework's way too: an error that is passed on, `next(error)` or `ctx.throw`. */
  | { readonly fails: string }
  /** With the request and the response of Node. */
  | { readonly does: (exchanged: Exchanged) => unknown }

/** Handlers by the path of the original target. */
export type Handlers = Readonly<Record<string, Handler>>

/** The handler of a target; the path is compared as it was sent. */
export function handlerOf(handlers: Handlers, target: string | undefined): Handler | undefined {
  const path = (target ?? '').replace(/^http:\/\/[^/]*/, '').replace(/\?.*$/, '')
  return handlers[path]
}

/** Sets fields on a response of Node. */
export function setFields(res: Outgoing, fields: Fields = {}): void {
  for (const [name, value] of Object.entries(fields)) {
    res.setHeader(name, typeof value === 'string' ? value : [...value])
  }
}

/** Answers without a framework. */
export function answerPlainly(res: Outgoing, { status = 200, fields, json, text }: Answer): void {
  res.statusCode = status
  setFields(res, fields)
  if (json !== undefined) res.setHeader('Content-Type', 'application/json')
  res.end(json === undefined ? (text ?? '') : JSON.stringify(json))
}
