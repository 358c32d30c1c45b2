import { EXPRESS_4, EXPRESS_5 } from './subjects/express.js'
import { KOA_2, KOA_3, KOA_3_HTTP2 } from './subjects/koa.js'
import { NODE_HTTP, NODE_HTTP2 } from './subjects/node.js'
import type { Subject } from './subjects/subject.js'

export { close, listen, type Mount, type Running, type Setup, type Subject } from './subjects/subject.js'
export type { Exchanged, Fields, Handler, Handlers } from './subjects/handlers.js'

/** Every kind of server that the gate is promised to stand in. */
export const SUBJECTS: readonly Subject[] = [
  EXPRESS_4,
  EXPRESS_5,
  KOA_2,
  KOA_3,
  NODE_HTTP,
  KOA_3_HTTP2,
  NODE_HTTP2,
]
