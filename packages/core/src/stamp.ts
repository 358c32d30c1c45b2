import type { Agreement } from './agreement/index.js'
import { isOfCaching, type CachedAnswer, type Caching, type CompiledPolicy } from './caching/index.js'
import { rateLimitFields, type RateLimitFields } from './connections/index.js'
import type { ResponseHead } from './head.js'
import type { Client } from './registry.js'

/** What a stamp tells of. */
export interface StampedAnswer {
  readonly method: string
  readonly path: string
  readonly class: string
  readonly limit: number
  readonly remaining: number
  readonly identity: {
    readonly account: { readonly id: string }
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
  let cited: { readonly url: string } = terms
  let links = linksTo(cited.url, terms.licence)
  const linksOf = (status: number) => {
    if (agreement && agreement.cited !== cited) links = linksTo((cited = agreement.cited).url, terms.licence)
    return status < 400 ? links.content : links.error
  }
  const fieldsByClass = new Map<string, RateLimitFields>()
  const fieldsOf = (className: string) => {
    let fields = fieldsByClass.get(className)
    if (!fields) fieldsByClass.set(className, (fields = rateLimitFields(className)))
    return fields
  }

  /** For an app that has set none of these fields, as most do: all are written before, but for the counts. */
  const linesOfStamp = (answer: StampedAnswer, status: number) => {
    const ceiling = caching.unsaid(cachedAnswer(answer, status))
    const written = linksOf(status).line + ceiling.lines(answer.identity.field)
    // A shared cache would tell one caller what was left for another, or is due.
    if (ceiling.shared) return written
    const due = agreement?.dueFieldOf(answer.identity.client)
    return (due === undefined ? written : `${written}${DUE}: ${due}\r\n`) + limitLines(answer)
  }
  // Nothing is left of what has no end.
  const limitLines = ({ class: className, limit, remaining }: StampedAnswer) =>
    limit === Infinity ? '' : fieldsOf(className).lines(limit, remaining)

  return (head, answer) => {
    const names = head.getHeaderNames()
    const { statusCode: status } = head
    if (head.addLines && names.every(isOfOthers)) return head.addLines(linesOfStamp(answer, status))
    const { value: link } = linksOf(status)
    head.setHeader('Link', names.includes('link') ? withLine(linesOf(head.getHeader('Link')), link) : link)
    if (caching.stamp(head, cachedAnswer(answer, status), names)) return
    const due = agreement?.dueFieldOf(answer.identity.client)
    if (due !== undefined) head.setHeader(DUE, due)
    if (answer.limit === Infinity) return
    const fields = fieldsOf(answer.class)
    head.setHeader('RateLimit-Policy', fields.policy(answer.limit))
    head.setHeader('RateLimit', fields.state(answer.remaining))
  }
}

const DUE = 'Terms-Acceptance-Due'

/** Whether a field is none of those that a stamp writes or looks at. */
function isOfOthers(name: string): boolean {
  return (
    name !== 'link' && !name.startsWith('ratelimit') && name !== 'terms-acceptance-due' && !isOfCaching(name)
  )
}

function cachedAnswer({ method, path, identity, own }: StampedAnswer, status: number): CachedAnswer {
  return { method, path, status, account: identity.account.id, vary: identity.field, own }
}

/** The value of the Link field, and its line: the licence is of content, which errors are not (RFC 4946). */
function linksTo(url: string, licence: string | undefined) {
  const written = (value: string) => ({ value, line: `Link: ${value}\r\n` })
  const error = `<${url}>; rel="terms-of-service"`
  return {
    error: written(error),
    content: written(licence === undefined ? error : `${error}, <${licence}>; rel="license"`),
  }
}

function linesOf(value: ReturnType<ResponseHead['getHeader']>): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** Once, where a second gate of the same Terms stands behind the first. */
function withLine(lines: readonly string[], line: string): readonly string[] {
  return lines.includes(line) ? lines : [...lines, line]
}
