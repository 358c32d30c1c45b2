import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { Server } from 'node:net'
import type { Gate } from '@api-terms/core'
import { admissionOf, guardRequests, type Incoming, type Outgoing } from '@api-terms/core/node'
import { answerPlainly, handlerOf, setFields, type Handler, type Handlers } from './handlers.js'
import type { Setup, Subject } from './subject.js'

export const NODE_HTTP = subjectOf('node:http', false)
export const NODE_HTTP2 = subjectOf('node:http2', true)

type Listener = (req: Incoming, res: Outgoing) => void

function subjectOf(name: string, http2: boolean): Subject {
  return {
    name,
    framework: 'node',
    http2,
    mounts: ['everywhere', 'twice', 'nowhere'],
    build(gate, handlers, setup): Server {
      const guarded = guardedBy(gate, setup, (req, res) => dispatch(handlers, req, res))
      const listener: Listener = (req, res) => {
        setFields(res, setup.before)
        if (setup.awaits) void setup.awaits().then(() => guarded(req, res))
        else guarded(req, res)
      }
      return http2
        ? createHttp2Server(listener)
        : createServer(listener as (req: IncomingMessage, res: ServerResponse) => void)
    },
  }
}

function guardedBy(gate: Gate, { mount = 'everywhere', inner }: Setup, listener: Listener): Listener {
  const innermost = inner ? guardRequests<Incoming, Outgoing>(inner, listener) : listener
  if (mount === 'nowhere') return innermost
  const guarded = guardRequests<Incoming, Outgoing>(gate, innermost)
  return mount === 'twice' ? guardRequests<Incoming, Outgoing>(gate, guarded) : guarded
}

/** A server without a framework, with what such a one does about errors and unknown targets. */
function dispatch(handlers: Handlers, req: Incoming, res: Outgoing): void {
  const handler = handlerOf(handlers, req.url)
  if (!handler) return answerPlainly(res, { status: 404, text: 'Not Found' })
  perform(handler, req, res).catch(() => {
    if (res.headersSent) res.destroy()
    else answerAnew(res, { status: 500, text: 'Internal Server Error' })
  })
}

async function perform(handler: Handler, req: Incoming, res: Outgoing): Promise<void> {
  if ('throws' in handler || 'fails' in handler) throw new Error('out of order')
  if ('answers' in handler) answerPlainly(res, handler.answers)
  else await handler.does({ req, res, admission: admissionOf(req) })
}

function answerAnew(res: Outgoing, answer: Parameters<typeof answerPlainly>[1]): void {
  // HTTP/2 has none, and warns of it.
  if (!('stream' in res)) res.statusMessage = ''
  answerPlainly(res, answer)
}
