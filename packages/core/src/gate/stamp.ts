import type { Agreement, CitedVersion } from '../agreement/index.js'
import { isOfCaching, type CachedAnswer, type Caching, type CompiledPolicy } from '../caching/index.js'
import { beside, rateLimitFields, type RateLimitFields, type ToldLimits } from '../connections/index.js'
import type { ResponseHead } from '../head.js'
import type { Client } from '../registry.js'

/** What a stamp tells of. */
export interface StampedAnswer {
  readonly method: string
  readonly path: string
  readonly class: string
  readonly limit: number
  readonly remaining: number
  readonly identity: {
    readonly accountId: string
    readonly client: Client
    readonly field: string
  }
  /** The handler's own word. */
  readonly own: CompiledPolicy | undefined
}

export type Stamp = (head: ResponseHead, answer: StampedAnswer) => void

/** What is written on every admitted response: the link to the Terms, how long it may be kept, and what is left of the limit. */
export function createStamp(
  terms: { readonly url: string; readonly licence?: string },
  caching: Caching,
  agreement: Agreement | undefined,
): Stamp {
  let cited: CitedVersion = { version: undefined, url: terms.url }
  let links = linksTo(terms.url, terms.licence)
  const fieldsByClass = new Map<string, RateLimitFields>()
  // Most answers are of the class of the one before.
  let last = { of: '', fields: rateLimitFields('') }
  const fieldsOf = (className: string) => {
    if (last.of === className) return last.fields
    const fields = fieldsByClass.get(className) ?? rateLimitFields(className)
    fieldsByClass.set(className, fields)
    last = { of: className, fields }
    return fields
  }

  /** For an app that has set none of these fields, as most do: all are written before, but for the counts. */
  const linesOfStamp = (answer: StampedAnswer, status: number) => {
    const ceiling = caching.ceilingFor(cachedAnswer(answer, status))
    const { shared } = ceiling
    const link = status < 400 ? links.ofContent : links.ofErrors
    let written = ceiling.linesBehind(link.line, answer.identity.field)
    const due = shared ? undefined : agreement?.dueFieldOf(answer.identity.client, cited)
    if (due !== undefined) written += `${DUE}: ${due}\r\n`
    if (shared || answer.limit === Infinity) return written
    return written + fieldsOf(answer.class).lines(answer.limit, answer.remaining)
  }

  return (head, answer) => {
    const now = agreement?.cited
    if (now && now !== cited) links = linksTo((cited = now).url, terms.licence)
    const names = head.getHeaderNames()
    if (head.addLines && areOfOthers(names)) return head.addLines(linesOfStamp(answer, head.statusCode))
    const { value: link } = head.statusCode < 400 ? links.ofContent : links.ofErrors
    head.setHeader('Link', names.includes('link') ? withLine(linesOf(head.getHeader('Link')), link) : link)
    const shared = caching.stamp(head, cachedAnswer(answer, head.statusCode), names)
    // A shared cache would tell one caller what was left for another, or is due; and nothing is left of what has no end.
    const due = shared ? undefined : agreement?.dueFieldOf(answer.identity.client, cited)
    if (due !== undefined) head.setHeader(DUE, due)
    if (shared || answer.limit === Infinity) return
    const fields = fieldsOf(answer.class)
    const own = { policy: fields.policy(answer.limit), state: fields.state(answer.remaining) }
    const { policy, state } = names.includes('ratelimit') ? beside(toldBy(head), own) : own
    head.setHeader('RateLimit-Policy', policy)
    head.setHeader('RateLimit', state)
  }
}

function toldBy(head: ResponseHead): ToldLimits {
  const told = (name: string) => linesOf(head.getHeader(name) ?? []).join(', ')
  return { policy: told('RateLimit-Policy'), state: told('RateLimit') }
}

/** Until when the Terms in force are to be accepted: see `dueField` of the agreement. */
const DUE = 'Terms-Acceptance-Due'

/** The links of answers, written out before. Errors are no content, and have no licence (RFC 4946). */
function linksTo(url: string, licence: string | undefined) {
  const terms = `<${url}>; rel="terms-of-service"`
  const linked = (value: string) => ({ value, line: `Link: ${value}\r\n` })
  const ofErrors = linked(terms)
  return {
    ofErrors,
    ofContent: licence === undefined ? ofErrors : linked(`${terms}, <${licence}>; rel="license"`),
  }
}

const WRITTEN = new Set(['link', 'terms-acceptance-due', 'ratelimit', 'ratelimit-policy'])

/** An app sets the same fields again and again. */
let lastOfOthers: readonly string[] = []

/** Whether these fields are none of those that a stamp writes or looks at. */
function areOfOthers(names: readonly string[]): boolean {
  if (isSameList(names, lastOfOthers)) return true
  if (!names.every(isOfOthers)) return false
  lastOfOthers = names
  return true
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false
  return true
}

function isOfOthers(name: string): boolean {
  return !WRITTEN.has(name) && !isOfCaching(name)
}

function cachedAnswer({ method, path, identity, own }: StampedAnswer, status: number): CachedAnswer {
  return { method, path, status, account: identity.accountId, vary: identity.field, own }
}

function linesOf(value: ReturnType<ResponseHead['getHeader']>): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** Once, where a second gate of the same Terms stands behind the first. */
function withLine(lines: readonly string[], line: string): readonly string[] {
  return lines.includes(line) ? lines : [...lines, line]
}
