import { admissionOf, apiTerms } from '@api-terms/koa'
import {
  createTelephonyServer,
  openTelephony,
  reportFault,
  type Answer,
  type Telephony,
  type TelephonyServer,
} from '@api-terms/example-telephony'
import { Router } from '@koa/router'
import Koa, { type Context } from 'koa'

/** The model API in Koa. */
export function buildApp(telephony: Telephony): Koa {
  const app = new Koa()
  const router = new Router()
  app.use(apiTerms(telephony.gate))

  for (const { method, path, answer } of telephony.routes) {
    router[method](path, async (ctx) => {
      send(await answer(telephony.ask(admissionOf(ctx), ctx.params, ctx.res)), ctx)
    })
  }

  app.use(router.routes())
  app.on('error', reportFault)
  return app
}

export function buildServer(): TelephonyServer {
  const telephony = openTelephony()
  const answer = buildApp(telephony).callback()
  return createTelephonyServer(telephony, (req, res) => void answer(req, res))
}

/** Koa reads a stream as fast as its caller does, and destroys it when the caller hangs up. */
function send({ status, headers, body }: Answer, ctx: Context): void {
  // The body first: its setter guesses a status and a type, which the answer knows better.
  ctx.body = body ?? null
  ctx.status = status
  ctx.set({ ...headers })
}
