import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Inquiry } from '../inquiry.js'
import type { Ground, Refusal } from '../refusal.js'
import { pathOf } from '../request.js'
import { watchArrivals } from './arrivals.js'
import { claimContinue } from './continue.js'
import { Exchange } from './exchange.js'
import { readIncoming, type Incoming, type IncomingFacts } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { isClosing } from './refuse.js'
import { Acceptances, type AcceptanceRequest } from './terms-acceptance.js'
import { problem, writeAnswer, type JsonAnswer } from './terms-answer.js'
import { checkTermsRouterOptions, type TermsRouterOptions } from './terms-options.js'
import { toldState, toldTerms } from './terms-state.js'
import { toldUsage } from './terms-usage.js'

/**
 * A router for Express, as `app.use('/terms', router)`, and for plain `node:http`. What is not its own to answer goes on to `next()`; `next(error)`
 * is called where it could not answer, and in plain `node:http` must not be taken for the former. Without `next` it answers 404, or hangs up.
 */
export type TermsRouter = (
  req: IncomingMessage,
  res: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/** What a framework knows better than the bare request. */
export interface TermsFacts extends IncomingFacts {
  /** What a parser before has made of the content, if it was that which read it: a value, text or bytes. */
  readonly body?: unknown
}

/** What Express adds to a request. */
interface ExpressRequest extends IncomingMessage {
  readonly originalUrl?: string
  readonly secure?: boolean
  readonly body?: unknown
}

const NOT_HERE: Ground = Object.freeze({
  reason: 'path-not-documented',
  detail: 'Ask for /, for /account, or for /usage; or post to /acceptances.',
})

const methodsAllowed = (allow: string): Ground =>
  Object.freeze({
    reason: 'method-not-allowed',
    detail: 'Use a method of Allow.',
    // A known method here, whatever the API makes of it.
    status: 405,
    headers: { Allow: allow },
  })
const TO_READ = methodsAllowed('GET, HEAD')
const TO_POST = methodsAllowed('POST')

/**
 * Lets a client see, with its own key, the Terms in force, how it stands, and what it used, and accept a version (clauses 1(a), 1(b), 8(a)).
 * Mount it beside the gate, not behind: who is refused for want of acceptance comes here to accept. Who is suspended may read; who is
 * terminated may not.
 *
 * `GET /`, `GET /account`, `GET /usage`, `POST /acceptances` with `{ version, by, entity }`.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function termsRouter(options: TermsRouterOptions): TermsRouter {
  const answer = termsAnswers(options)
  return (req: ExpressRequest, res, next) => {
    const { originalUrl, secure, body } = req
    const caller = { secure: secure ?? isEncrypted(req), remoteAddress: req.socket.remoteAddress }
    const facts = { target: originalUrl, caller, ...(body !== undefined && { body }) }
    answer(req, res, facts).then(
      (answered) => {
        if (answered) return
        if (next) next()
        else writeAnswer(new Exchange(res), req, problem(404, 'There is nothing here.'), undefined)
      },
      (cause: unknown) => (next ? next(cause) : res.destroy()),
    )
  }
}

/**
 * The same for adapters: resolves with whether the request was the router's to answer. Has requests looked at as they arrive, so that
 * `100 Continue` waits for the decision.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function termsAnswers(
  options: TermsRouterOptions,
): (req: Incoming, res: Outgoing, facts?: TermsFacts) => Promise<boolean> {
  checkTermsRouterOptions(options)
  const { gate, path: mount = '' } = options
  const router = new Router(options)
  watchArrivals()
  return async (req, res, facts = {}) => {
    const path = pathBelow(mount, pathOf(req.url ?? '/'))
    if (path === undefined) return false
    const exchange = new Exchange(res)
    if (exchange.isOver || isClosing(exchange)) return true
    claimContinue(res)
    const inquiry = await gate.inquire(readIncoming(req, facts))
    if (!inquiry.admitted) {
      writeAnswer(exchange, req, inquiry, undefined)
      return true
    }
    try {
      // Who has hung up meanwhile sends no more: to read would be to wait in vain.
      if (exchange.isOver) return true
      const answer = await router.answer(path, { req, res, body: facts.body }, inquiry)
      writeAnswer(exchange, req, answer, inquiry.terms)
    } finally {
      inquiry.release()
    }
    return true
  }
}

class Router {
  readonly #options: TermsRouterOptions
  /** Absent where none are taken. */
  readonly #acceptances: Acceptances | undefined

  constructor(options: TermsRouterOptions) {
    const { gate, registry } = options
    this.#options = options
    this.#acceptances = registry && new Acceptances(gate, registry)
  }

  async answer(path: string, asked: AcceptanceRequest, inquiry: Inquiry): Promise<Refusal | JsonAnswer> {
    const { req } = asked
    const { usage, gate } = this.#options
    if (path === '/acceptances' && this.#acceptances) {
      if (req.method !== 'POST') return inquiry.refuse(TO_POST)
      return this.#acceptances.take(asked, inquiry)
    }
    const tell =
      path === '/'
        ? () => Promise.resolve({ status: 200, json: toldTerms(inquiry) })
        : path === '/account'
          ? () => this.#state(inquiry)
          : path === '/usage' && usage
            ? () => toldUsage(usage, gate, inquiry, queryOf(req.url ?? ''))
            : undefined
    if (!tell) return inquiry.refuse(NOT_HERE)
    return req.method === 'GET' || req.method === 'HEAD' ? tell() : inquiry.refuse(TO_READ)
  }

  async #state(inquiry: Inquiry): Promise<JsonAnswer> {
    const { gate } = this.#options
    const [limits, connections] = await Promise.all([
      // The rest is worth telling where the provider's function fails.
      inquiry.limits().catch(() => undefined),
      gate.connections({ account: inquiry.account.id }),
    ])
    return { status: 200, json: toldState(inquiry, gate.api, limits, connections) }
  }
}

/** What of a path follows the mount; `undefined` where it lies elsewhere. */
function pathBelow(mount: string, path: string): string | undefined {
  if (path !== mount && !path.startsWith(`${mount}/`)) return undefined
  return path.slice(mount.length) || '/'
}

function queryOf(url: string): string {
  const question = url.indexOf('?')
  return question === -1 ? '' : url.slice(question + 1)
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as { encrypted?: boolean }).encrypted === true
}
