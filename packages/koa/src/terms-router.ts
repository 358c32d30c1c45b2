import { termsAnswers, type TermsRouterOptions } from '@api-terms/core/node'
import type { KoaMiddleware } from './api-terms.js'
import { KoaCaller, type KoaContext } from './caller.js'

/** What a parser of bodies adds to the request of a context. */
interface ParsedContext extends KoaContext {
  readonly request?: { readonly body?: unknown }
}

/**
 * Lets a client see, with its own key, the Terms in force, how it stands, and what it used, and accept a version: `app.use(termsRouter({ gate,
 * registry, path: '/terms' }))`, before the gate, or behind `koa-mount`, without `path`.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function termsRouter(options: TermsRouterOptions): KoaMiddleware {
  const answer = termsAnswers(options)
  return async function termsMiddleware(ctx: ParsedContext, next) {
    const { originalUrl: target } = ctx
    const body = ctx.request?.body
    const facts = { target, caller: new KoaCaller(ctx), ...(body !== undefined && { body }) }
    if (!(await answer(ctx.req, ctx.res, facts))) return next()
    // It is written.
    ctx.respond = false
    return undefined
  }
}
