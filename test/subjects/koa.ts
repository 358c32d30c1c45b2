import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { Server } from 'node:net'
import { admissionOf, apiTerms } from '@api-terms/koa'
import Koa3, { type Context, type Middleware } from 'koa'
import { handlerOf, setFields, type Handler, type Handlers } from './handlers.js'
import type { Setup, Subject } from './subject.js'

/** No typings of its own beside those of the newer major. */
const Koa2 = createRequire(import.meta.url)('koa2') as typeof Koa3

export const KOA_2 = subjectOf('Koa 2', Koa2, false)
export const KOA_3 = subjectOf('Koa 3', Koa3, false)
export const KOA_3_HTTP2 = subjectOf('Koa 3 over HTTP/2', Koa3, true)

function subjectOf(name: string, Koa: typeof Koa3, http2: boolean): Subject {
  return {
    name,
    framework: 'koa',
    http2,
    mounts: ['everywhere', 'prefix', 'nested', 'rewritten', 'twice', 'nowhere'],
    build(gate, handlers, setup): Server {
      const app = new Koa({ proxy: setup.trustProxy === true })
      app.silent = true
      app.use((ctx, next) => {
        setFields(ctx.res, setup.before)
        return setup.awaits ? setup.awaits().then(next) : next()
      })
      for (const middleware of mounted(() => apiTerms(gate), setup)) app.use(middleware)
      if (setup.inner) app.use(apiTerms(setup.inner))
      app.use(dispatching(handlers))
      const listener = app.callback()
      return http2
        ? createHttp2Server((req, res) => {
            void listener(req, res)
          })
        : createServer((req, res) => {
            void listener(req, res)
          })
    },
  }
}

function mounted(gate: () => Middleware, { mount = 'everywhere' }: Setup): Middleware[] {
  switch (mount) {
    case 'everywhere':
      return [gate()]
    case 'prefix':
      return [mountAt('/v1', gate())]
    case 'nested':
      return [mountAt('/v1', mountAt('/', gate()))]
    case 'rewritten':
      return [
        (ctx, next) => {
          ctx.url = `/rewritten${ctx.url}`
          return next()
        },
        gate(),
      ]
    case 'twice':
      return [gate(), mountAt('/v1', gate())]
    case 'nowhere':
      return []
  }
}

/** As `koa-mount` does: what is mounted sees a shortened path, what follows it the whole. */
function mountAt(prefix: string, middleware: Middleware): Middleware {
  return async (ctx, next) => {
    const whole = ctx.path
    if (prefix !== '/' && whole !== prefix && !whole.startsWith(`${prefix}/`)) {
      await next()
      return
    }
    const shortened = prefix === '/' ? whole : whole.slice(prefix.length) || '/'
    ctx.path = shortened
    await middleware(ctx, async () => {
      ctx.path = whole
      await next()
      ctx.path = shortened
    })
    ctx.path = whole
  }
}

function dispatching(handlers: Handlers): Middleware {
  return async (ctx, next) => {
    const handler = handlerOf(handlers, ctx.originalUrl)
    await (handler ? perform(handler, ctx) : next())
  }
}

async function perform(handler: Handler, ctx: Context): Promise<void> {
  if ('throws' in handler) throw new Error(handler.throws)
  if ('fails' in handler) ctx.throw(500, handler.fails)
  if ('does' in handler) {
    ctx.respond = false
    // Koa begins with a 404.
    ctx.res.statusCode = 200
    await handler.does({ req: ctx.req, res: ctx.res, admission: admissionOf(ctx) })
    return
  }
  const { status = 200, fields, json, text } = handler.answers
  ctx.status = status
  setFields(ctx.res, fields)
  ctx.body = json ?? text ?? (status === 204 || status === 304 ? null : '')
}
