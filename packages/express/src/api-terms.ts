import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admission, Caller, Gate, GateOptions } from '@api-terms/core'
import { admissionOf as admissionOfRequest, enter, gateOf } from '@api-terms/core/node'
import { ownMembers } from './own-members.js'

/** A middleware of Express 4 and 5, in types of `node:http`, so that it fits both majors' typings. */
export type ExpressMiddleware = (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** What Express adds to a request. */
interface ExpressRequest extends IncomingMessage {
  readonly originalUrl?: string
  readonly secure?: boolean
}

/**
 * The gate as a middleware: `app.use('/v1', apiTerms({ … }))`. Give several mounts of the same API one gate, of `createGate`.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function apiTerms(gateOrOptions: Gate | GateOptions): ExpressMiddleware {
  const gate = gateOf(gateOrOptions)
  return function apiTermsMiddleware(req: ExpressRequest, res, next) {
    const facts = { target: req.originalUrl, caller: new ExpressCaller(req) }
    const entered = enter(gate, req, res, facts, ownMembers)
    if (entered && 'then' in entered) entered.then((admission) => admission && next(), next)
    else if (entered) next()
  }
}

/** The admission of a request, in a handler behind the gate; `undefined` in a handler that no gate stands before. */
export function admissionOf(req: IncomingMessage): Admission | undefined {
  return admissionOfRequest(req)
}

/** The caller as the app sees it: `trust proxy` decides whose word on HTTPS is taken. */
class ExpressCaller implements Caller {
  readonly #req: ExpressRequest

  constructor(req: ExpressRequest) {
    this.#req = req
  }

  get secure(): boolean {
    return this.#req.secure ?? false
  }

  get remoteAddress(): string | undefined {
    return this.#req.socket.remoteAddress
  }
}
