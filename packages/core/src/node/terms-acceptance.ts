import { isRegistryFault } from '../errors.js'
import type { Gate } from '../gate.js'
import type { Inquiry } from '../inquiry.js'
import type { Ground, Refusal } from '../refusal.js'
import {
  acceptanceOf,
  isOffered,
  readAccepting,
  record,
  type AcceptanceRegistry,
  type Accepting,
} from './accept.js'
import { sendContinue } from './continue.js'
import type { Incoming } from './incoming.js'
import { readBefore, readJson, wasRead, type NoContent } from './json-body.js'
import type { Outgoing } from './outgoing.js'
import { problem, type JsonAnswer } from './terms-answer.js'

const MOST_BYTES = 4096
const LONGEST_READ_MS = 10_000

const NO_JSON: Ground = Object.freeze({
  reason: 'media-type-not-accepted',
  detail: 'Send application/json.',
  headers: { Accept: 'application/json' },
})
const TOO_LONG: Ground = Object.freeze({
  reason: 'body-too-large',
  detail: `Send at most ${MOST_BYTES} bytes.`,
})
const UNRECORDED: Ground = Object.freeze({
  reason: 'registry-unavailable',
  detail: 'The acceptance could not be recorded. Try again in a moment.',
  headers: { 'Retry-After': '1' },
})

const KEPT =
  'the content of an acceptance had been read before it came to the router: put the router before what reads it, or set req.body, or ctx.request.body in Koa'

type Answer = Refusal | JsonAnswer

/** A request to accept a version. */
export interface AcceptanceRequest {
  readonly req: Incoming
  readonly res: Outgoing
  /** What a parser before has made of the content. */
  readonly body: unknown
}

/** Takes acceptances, and has them recorded. */
export class Acceptances {
  constructor(
    private readonly gate: Gate,
    private readonly registry: AcceptanceRegistry,
  ) {}

  async take(asked: AcceptanceRequest, inquiry: Inquiry): Promise<Answer> {
    const { req } = asked
    const suspended = refusedToSuspended(inquiry)
    if (suspended) return suspended
    if (!isJson(req.headers['content-type'])) return inquiry.refuse(NO_JSON)
    if (Number(req.headers['content-length'] ?? 0) > MOST_BYTES) return inquiry.refuse(TOO_LONG)
    const content = await contentOf(asked)
    if (typeof content === 'string') return this.#unread(content, inquiry)
    const said = readAccepting(content.value)
    if (typeof said === 'string') return problem(400, said)
    // Content may be long in coming: what held when it was asked for may not hold any more.
    const now = await lookAgain(inquiry)
    return now.admitted ? this.#record(said, now) : now
  }

  async #record(said: Accepting, inquiry: Inquiry): Promise<Answer> {
    const before = acceptanceOf(inquiry, said.version)
    if (before) return { status: 200, json: before }
    if (!isOffered(inquiry, said.version))
      return problem(
        409,
        'This version is neither in force nor announced: see the Terms at the root of this router.',
      )
    try {
      return { status: 201, json: await record(this.registry, inquiry, said) }
    } catch (cause) {
      return (await answerToFault(cause, said, inquiry)) ?? this.#unrecorded(cause, inquiry)
    }
  }

  #unread(why: NoContent, inquiry: Inquiry): Answer {
    if (why === 'too-long') return inquiry.refuse(TOO_LONG)
    if (why === 'too-slow') return problem(408, 'The content took too long.')
    if (why !== 'kept-by-another') return problem(400, 'Send JSON.')
    this.gate.warn('option-failed', KEPT)
    return problem(500, 'The content has been lost on this server.')
  }

  #unrecorded(cause: unknown, inquiry: Inquiry): Refusal {
    this.gate.warn('registry-failed', 'an acceptance could not be recorded', cause)
    return inquiry.refuse(UNRECORDED)
  }
}

/** The registry refused what another request has done just before: no failure, but an answer. */
async function answerToFault(cause: unknown, said: Accepting, inquiry: Inquiry): Promise<Answer | undefined> {
  const isDuplicate = isRegistryFault(cause, 'duplicate')
  if (!isDuplicate && !isRegistryFault(cause, 'terminated') && !isRegistryFault(cause, 'unknown'))
    return undefined
  const now = await lookAgain(inquiry)
  if (!now.admitted) return now
  // The gate may hear of it later than the registry knows of it: it was just this that was accepted.
  return isDuplicate ? { status: 200, json: acceptanceOf(now, said.version) ?? said } : undefined
}

async function lookAgain(inquiry: Inquiry): Promise<Inquiry | Refusal> {
  const now = await inquiry.recheck()
  return now.admitted ? (refusedToSuspended(now) ?? now) : now
}

/** Who is suspended has a matter to settle first. */
function refusedToSuspended({ against, refuse }: Inquiry): Refusal | undefined {
  return against?.reason === 'account-suspended' ? refuse(against) : undefined
}

async function contentOf({ req, res, body }: AcceptanceRequest): ReturnType<typeof readJson> {
  if (wasRead(req)) return readBefore(body)
  sendContinue(res)
  return readJson(req, MOST_BYTES, LONGEST_READ_MS)
}

/** No form of a web page can send it: what a browser adds by itself, such as Basic credentials, accepts nothing. */
function isJson(type: string | undefined): boolean {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
}
