import type { Admission, Gate, GateOptions } from '@api-terms/core'
import { admissionOf as admissionOfRequest, enter, gateOf } from '@api-terms/core/node'
import { KoaCaller, type KoaContext } from './caller.js'

/** A middleware of Koa 2 and 3, in types of its own, so that it fits both majors' typings. */
export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<unknown>

/**
 * The gate as a middleware: `app.use(apiTerms({ … }))`, also behind `koa-mount` or a router. Give several mounts of the same API one
 * gate, of `createGate`. The connection is held until what stands behind it has settled too.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function apiTerms(gateOrOptions: Gate | GateOptions): KoaMiddleware {
  const gate = gateOf(gateOrOptions)
  return function apiTermsMiddleware(ctx, next) {
    const entered = enter(gate, ctx.req, ctx.res, { target: ctx.originalUrl, caller: new KoaCaller(ctx) })
    if (entered && 'then' in entered) return entered.then((admission) => goOn(admission, ctx, next))
    return goOn(entered, ctx, next)
  }
}

/** Not an async function: one would be kept, with all it holds, for as long as the connection is open. */
function goOn(
  admission: Admission | undefined,
  ctx: KoaContext,
  next: () => Promise<unknown>,
): Promise<unknown> {
  if (!admission) {
    // The refusal is written, or the caller gone.
    ctx.respond = false
    return Promise.resolve()
  }
  const work = next()
  admission.holdUntil(work)
  return work
}

/** The admission of a request, in a middleware behind the gate; `undefined` where no gate stands before. */
export function admissionOf(ctx: { readonly req: object }): Admission | undefined {
  return admissionOfRequest(ctx.req)
}
