import { randomUUID } from 'node:crypto'

/** The stable code of a refusal. */
export type Reason = keyof typeof REASONS

interface ReasonFacts {
  readonly status: number
  /** The place in the model Terms that the reason rests on; a provider's own may be given in `terms.clauses`. */
  readonly clause: string | undefined
  readonly title: string
}

/** Every reason, with the status and the clause it has where nothing else is said. */
export const REASONS = {
  'credentials-missing': facts(401, '2(c)', 'Developer credentials are required'),
  'credentials-ambiguous': facts(400, '2(c)', 'More than one credential was sent'),
  'credentials-malformed': facts(400, '2(c)', 'The credential is not of the form of its scheme'),
  'credentials-in-url': facts(400, '4(b)', 'Credentials must not be sent in a URL'),
  'credentials-invalid': facts(401, '2(c)', 'The credential is not valid'),
  'network-not-allowed': facts(403, '2(c)', 'The request comes from a network that is not allowed'),
  'api-not-granted': facts(403, '2(c)', 'This client may not use this API'),
  'account-suspended': facts(403, '3(a)', 'Access is suspended'),
  'account-terminated': facts(403, '6(a)', 'The agreement has ended'),
  'terms-not-accepted': facts(403, '1', 'The Terms in force have not been accepted'),
  'registration-stale': facts(403, '1(c)', 'The registration is not up to date'),
  'connections-exhausted': facts(429, '2(d)', 'Too many simultaneous connections'),
  'sharing-suspected': facts(403, '4(a)', 'The credential seems to be shared'),
  'scraping-suspected': facts(403, '5(d)', 'Content seems to be collected'),
  'circumvention-suspected': facts(429, '2(d)', 'The limits seem to be got round'),
  'method-not-allowed': facts(405, '2(c)', 'The method is not documented'),
  'path-not-documented': facts(404, '2(c)', 'The path is not documented'),
  'media-type-not-accepted': facts(415, '2(c)', 'The media type is not documented'),
  'request-blocked': facts(403, '2(c)', 'The provider blocks this request'),
  'method-overridden': facts(400, '2(c)', 'The method must not be overridden'),
  'target-ambiguous': facts(400, '2(c)', 'The request target can be read in two ways'),
  'target-too-long': facts(414, '4(a)', 'The request target is too long'),
  'body-too-large': facts(413, '4(a)', 'The body is too large'),
  'upgrade-not-documented': facts(403, '2(c)', 'The upgrade is not documented'),
  'insecure-transport': facts(403, '4(b)', 'HTTPS is required'),
  'registry-unavailable': facts(503, undefined, 'Credentials cannot be looked up at the moment'),
  'limits-unavailable': facts(503, undefined, 'Limits cannot be looked up at the moment'),
} as const satisfies Record<string, ReasonFacts>

/** Header fields of a refusal, by their names; a list stands for several lines. */
export type RefusalHeaders = Readonly<Record<string, string | readonly string[]>>

/**
 * Why a room turns a request away. A room makes its grounds at start-up where it can, since what does not depend on the
 * request is then written only once.
 */
export interface Ground {
  readonly reason: Reason
  /** What the caller can do about it. Never what the caller sent: it might hold a secret. */
  readonly detail: string
  /** What the status asks for: `Allow`, `WWW-Authenticate`, `Accept`, `Retry-After`. */
  readonly headers?: RefusalHeaders
  /** Only where it differs from the reason's own. */
  readonly status?: number
  /** Extension members of the problem document: names of three letters or more (RFC 9457 §3.2). */
  readonly members?: Readonly<Record<string, string | number>>
}

/** The body of a refusal (RFC 9457). */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly reason: Reason
  readonly terms_clause?: string
  readonly terms_version?: string
  readonly [member: string]: string | number | undefined
}

/** A normal answer of the gate: the request does not go on. */
export interface Refusal {
  readonly admitted: false
  readonly reason: Reason
  readonly status: number
  readonly clause: string | undefined
  /** `urn:uuid:…`, in the problem document and in the event alike. */
  readonly instance: string
  readonly headers: RefusalHeaders
  /** The problem document, written out. */
  readonly body: string
  /** How long it is in UTF-8. */
  readonly bodyBytes: number
  readonly problem: ProblemDocument
}

/** What a refusal needs to know of the Terms. */
export interface CitedTerms {
  readonly url: string
  readonly version?: string | undefined
  readonly clauses?: Partial<Record<Reason, string>> | undefined
}

/** Which of them are in force, one object for each version. */
export type CitedInForce = Pick<CitedTerms, 'url' | 'version'>

/** What says no to a request, for the reason that a room gives. */
export interface Refuser {
  refuse(ground: Ground): Refusal
  /** The clause that a reason rests on under these Terms. What is no reason rests on none. */
  clauseOf(reason: string): string | undefined
}

/**
 * The only place that builds a problem document. All but `instance` of a ground's document is written the first time and
 * kept for as long as the ground lives, because a refusal must cost less than the request did.
 *
 * @param inForce where that changes with time; `type` stays that of `terms.url`, since it names the same problem under every version
 */
export function createRefuser(terms: CitedTerms, inForce?: () => CitedInForce): Refuser {
  let cited: CitedInForce = terms
  let written = new WeakMap<Ground, Template>()

  const clauseOf = (reason: string) =>
    isReason(reason) ? (terms.clauses?.[reason] ?? REASONS[reason].clause) : undefined

  const write = (ground: Ground): Template => {
    const { reason } = ground
    const status = ground.status ?? REASONS[reason].status
    const clause = clauseOf(reason)
    const before = {
      type: `${terms.url}#${reason}`,
      title: REASONS[reason].title,
      status,
      detail: ground.detail,
    }
    const after = {
      reason,
      ...(clause !== undefined && { terms_clause: clause }),
      ...(cited.version !== undefined && { terms_version: cited.version }),
      ...ground.members,
    }
    const headers = Object.freeze({
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      Link: `<${cited.url}>; rel="terms-of-service"`,
      ...ground.headers,
    })
    const head = `${JSON.stringify(before).slice(0, -1)},"instance":"`
    const tail = `",${JSON.stringify(after).slice(1)}`
    const bodyBytes = Buffer.byteLength(head + tail) + INSTANCE_LENGTH
    return { reason, status, clause, headers, head, tail, bodyBytes }
  }

  /** Other Terms have come into force: what was written cites those before. */
  const cite = (now: CitedInForce) => {
    if (now === cited) return
    cited = now
    written = new WeakMap()
  }

  return {
    clauseOf,
    refuse(ground) {
      if (inForce) cite(inForce())
      let template = written.get(ground)
      if (!template) written.set(ground, (template = write(ground)))
      return new WrittenRefusal(template)
    },
  }
}

function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text)
}

interface Template {
  readonly reason: Reason
  readonly status: number
  readonly clause: string | undefined
  readonly headers: RefusalHeaders
  readonly head: string
  readonly tail: string
  readonly bodyBytes: number
}

const INSTANCE_LENGTH = 'urn:uuid:'.length + 36

class WrittenRefusal implements Refusal {
  readonly admitted = false
  readonly reason: Reason
  readonly status: number
  readonly clause: string | undefined
  readonly instance: string
  readonly headers: RefusalHeaders
  readonly body: string
  readonly bodyBytes: number

  constructor(template: Template) {
    this.reason = template.reason
    this.status = template.status
    this.clause = template.clause
    this.instance = `urn:uuid:${randomUUID()}`
    this.headers = template.headers
    this.body = template.head + this.instance + template.tail
    this.bodyBytes = template.bodyBytes
  }

  get problem(): ProblemDocument {
    return JSON.parse(this.body) as ProblemDocument
  }
}

function facts<const S extends number>(status: S, clause: string | undefined, title: string) {
  return { status, clause, title }
}
