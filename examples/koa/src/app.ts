import { admissionOf, apiTerms, termsRouter } from '@api-terms/koa'
import {
  createTelephonyServer,
  openTelephony,
  reportFault,
  type Answer,
  type Shared,
  type Telephony,
  type TelephonyServer,
} from '@api-terms/example-telephony'
import { Router } from '@koa/router'
import Koa, { type Context } from 'koa'

/** The model API in Koa. */
export function buildApp(telephony: Telephony): Koa {
  const { gate, registry, usage } = telephony
  const app = new Koa()
  const router = new Router()
  // Beside the gate, not behind: who has still to accept the Terms is refused there, and accepts them here.
  app.use(termsRouter({ gate, registry, usage, path: '/terms' }))
  app.use(apiTerms(gate))

  for (const { method, path, answer } of telephony.routes) {
    router[method](path, async (ctx) => {
      send(await answer(telephony.ask(admissionOf(ctx), ctx.params, ctx.res)), ctx)
    })
  }

  app.use(router.routes())
  app.on('error', reportFault)
  return app
}

export function buildServer(shared?: Shared): TelephonyServer {
  const telephony = openTelephony(shared)
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
