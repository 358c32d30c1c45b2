import { termsRouter } from '@api-terms/core/node'
import { admissionOf, apiTerms } from '@api-terms/express'
import {
  createTelephonyServer,
  openTelephony,
  problem,
  reportFault,
  type Answer,
  type Shared,
  type Telephony,
  type TelephonyServer,
} from '@api-terms/example-telephony'
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

/** The model API in Express. */
export function buildApp(telephony: Telephony): Express {
  const { gate, registry, usage } = telephony
  const app = express()
  app.disable('x-powered-by')
  // Beside the gate, not behind: who has still to accept the Terms is refused there, and accepts them here.
  app.use('/terms', termsRouter({ gate, registry, usage }))
  app.use(apiTerms(gate))

  for (const { method, path, answer } of telephony.routes) {
    app[method](path, async (req, res) => {
      const admission = admissionOf(req)
      const answered = Promise.resolve(answer(telephony.ask(admission, req.params, res)))
      // Who hangs up in the middle gets no new slot before the work for the old one has stopped.
      admission?.connection.holdUntil(answered)
      await send(await answered, res)
    })
  }

  app.use(withoutStack)
  return app
}

export function buildServer(shared?: Shared): TelephonyServer {
  const telephony = openTelephony(shared)
  return createTelephonyServer(telephony, buildApp(telephony))
}

async function send({ status, headers, body = '' }: Answer, res: ServerResponse): Promise<void> {
  // The gate may have answered meanwhile: a body that turned out too large, for one.
  if (res.headersSent) return
  // Not Express's own setters, which would add a charset to types that have none.
  res.statusCode = status
  res.setHeaders(new Map(Object.entries(headers)))
  if (typeof body === 'string') {
    res.end(body)
  } else if (res.req.method === 'HEAD') {
    body.destroy()
    res.end()
  } else {
    // Where it fails it has ended both by then: there is nothing left to answer.
    await pipeline(body, res).catch(reportFault)
  }
}

/** Express shows its stack to callers unless told that it is in production (clause 4(a)7). */
const withoutStack: ErrorRequestHandler = (error, _req, res, _next) => {
  reportFault(error)
  void send(problem(500, 'Something is wrong with the server.'), res)
}
