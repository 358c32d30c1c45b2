import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { admissionOf, apiTerms } from '@api-terms/express'
import express5, { type NextFunction, type Request, type Response } from 'express'
import { handlerOf, setFields, type Handler, type Handlers } from './handlers.js'
import type { Setup, Subject } from './subject.js'

/** No typings of its own beside those of the newer major. */
const express4 = createRequire(import.meta.url)('express4') as typeof express5

export const EXPRESS_4 = subjectOf('Express 4', express4)
export const EXPRESS_5 = subjectOf('Express 5', express5)

function subjectOf(name: string, express: typeof express5): Subject {
  return {
    name,
    framework: 'express',
    http2: false,
    mounts: ['everywhere', 'prefix', 'nested', 'rewritten', 'twice', 'nowhere'],
    build(gate, handlers, setup) {
      const app = express()
        .disable('x-powered-by')
        .set('trust proxy', setup.trustProxy === true)
      app.use((_req: Request, res: Response, next: NextFunction) => {
        setFields(res, setup.before)
        if (setup.awaits) setup.awaits().then(() => next(), next)
        else next()
      })
      const dispatch = dispatching(handlers)
      mountIn(express, app, () => apiTerms(gate), setup, dispatch)
      if (setup.inner) app.use(apiTerms(setup.inner))
      app.use(dispatch)
      return createServer(app)
    },
  }
}

type Middleware = (req: Request, res: Response, next: NextFunction) => void

function mountIn(
  express: typeof express5,
  app: express5.Express,
  gate: () => ReturnType<typeof apiTerms>,
  { mount = 'everywhere' }: Setup,
  dispatch: Middleware,
): void {
  if (mount === 'everywhere') app.use(gate())
  if (mount === 'prefix') app.use('/v1', gate())
  if (mount === 'nested') {
    const router = express.Router().use(gate())
    app.use('/v1', express().disable('x-powered-by').use(router).use(dispatch))
  }
  if (mount === 'rewritten') {
    app.use((req: Request, _res: Response, next: NextFunction) => {
      req.url = `/rewritten${req.url}`
      next()
    })
    app.use(gate())
  }
  if (mount === 'twice') app.use(gate()).use('/v1', gate())
}

function dispatching(handlers: Handlers): Middleware {
  return (req, res, next) => {
    const handler = handlerOf(handlers, req.originalUrl)
    if (!handler) return next()
    if ('fails' in handler) return next(new Error(handler.fails))
    perform(handler, req, res)
  }
}

function perform(handler: Exclude<Handler, { fails: string }>, req: Request, res: Response): unknown {
  if ('throws' in handler) throw new Error(handler.throws)
  if ('does' in handler) return handler.does({ req, res, admission: admissionOf(req) })
  const { status = 200, fields, json, text } = handler.answers
  setFields(res.status(status), fields)
  if (json !== undefined) return res.json(json)
  return text === undefined ? res.end() : res.send(text)
}
