import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '@api-terms/core'

/** What the middleware needs of a context of Koa 2 or 3. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly originalUrl: string
  readonly secure: boolean
  respond?: boolean | undefined
}

/** The caller as the app sees it: `app.proxy` decides whose word on HTTPS is taken. */
export class KoaCaller implements Caller {
  readonly #ctx: KoaContext

  constructor(ctx: KoaContext) {
    this.#ctx = ctx
  }

  get secure(): boolean {
    return this.#ctx.secure
  }

  get remoteAddress(): string | undefined {
    return this.#ctx.req.socket.remoteAddress
  }
}
