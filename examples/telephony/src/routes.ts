import type { Readable } from 'node:stream'
import { json, noContent, problem, stream, type Answer } from './answer.js'
import { beep } from './beep.js'
import type { Calls } from './calls.js'
import { readDialling } from './dialling.js'
import { COUNTRIES, directoryOf } from './directory.js'
import { eventStream, linesEvents } from './events.js'

/** What a handler is asked, in plain values. */
export interface Question {
  /** Whose it is: an account sees nothing but its own. */
  readonly account: string
  /** What stands in the path for `:id`; empty where there is none. */
  readonly id: string
  /** The body, unread. */
  readonly body: Readable
  /** The caller has hung up, or the server is closing. */
  readonly ended: AbortSignal
}

/** One operation of the API. Paths are in the language of path-to-regexp 8, which Express 5, @koa/router and the gate share. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete' | 'all'
  readonly path: string
  answer(question: Question): Answer | Promise<Answer>
}

/** The model API, operation by operation. A framework tries them in this order. */
export function telephonyRoutes(calls: Calls): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/extensions',
      answer: ({ account }) => json(200, directoryOf(account).extensions),
    },
    { method: 'get', path: '/v1/extensions/:id', answer: extension },
    { method: 'all', path: '/v1/extensions{/:id}', answer: () => methodNotAllowed('GET, HEAD') },

    { method: 'get', path: '/v1/calls', answer: ({ account }) => json(200, calls.of(account)) },
    { method: 'post', path: '/v1/calls', answer: (question) => placeCall(calls, question) },
    { method: 'all', path: '/v1/calls', answer: () => methodNotAllowed('GET, HEAD, POST') },
    { method: 'delete', path: '/v1/calls/:id', answer: (question) => endCall(calls, question) },
    { method: 'all', path: '/v1/calls/:id', answer: () => methodNotAllowed('DELETE') },

    { method: 'get', path: '/v1/events', answer: (question) => events(calls, question) },
    { method: 'all', path: '/v1/events', answer: () => methodNotAllowed('GET, HEAD') },
    // What asks for the upgrade never gets here: it is answered by `answerUpgrades`.
    { method: 'all', path: '/v1/realtime', answer: upgradeRequired },

    { method: 'get', path: '/v1/recordings/:id', answer: recording },
    { method: 'all', path: '/v1/recordings/:id', answer: () => methodNotAllowed('GET, HEAD') },

    { method: 'get', path: '/v1/countries', answer: () => json(200, COUNTRIES) },
    { method: 'all', path: '/v1/countries', answer: () => methodNotAllowed('GET, HEAD') },
  ]
}

function extension({ account, id }: Question): Answer {
  const found = directoryOf(account).extensions.find((one) => one.id === id)
  return found ? json(200, found) : problem(404, 'This account has no such extension.')
}

/** Rings while the request is held: that is what makes it a write connection worth limiting. */
async function placeCall(calls: Calls, { account, body, ended }: Question): Promise<Answer> {
  const dialling = await readDialling(body)
  if (typeof dialling === 'string') return problem(400, dialling)
  const call = await calls.place(account, dialling, ended)
  if (!call) return problem(503, 'The call ended before it was answered.')
  return json(201, call, { Location: `/v1/calls/${call.id}` })
}

function endCall(calls: Calls, { account, id }: Question): Answer {
  return calls.end(account, id) ? noContent() : problem(404, 'This account has no such call.')
}

function events(calls: Calls, { account, ended }: Question): Answer {
  return stream(eventStream(linesEvents(calls, account, ended)), { 'Content-Type': 'text/event-stream' })
}

function recording({ account, id }: Question): Answer {
  const found = directoryOf(account).recordings.find((one) => one.id === id)
  if (!found) return problem(404, 'This account has no such recording.')
  const sound = beep(found.seconds)
  return stream(sound.parts(), { 'Content-Type': 'audio/wav', 'Content-Length': String(sound.bytes) })
}

function methodNotAllowed(allow: string): Answer {
  return problem(405, `Here the API answers ${allow}.`, { Allow: allow })
}

/** RFC 9110 §15.5.22: the field says to what, and Connection that it is about this hop. */
function upgradeRequired(): Answer {
  return problem(426, 'Connect with WebSocket.', { Upgrade: 'websocket', Connection: 'Upgrade' })
}
