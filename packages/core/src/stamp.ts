import type { Agreement } from './agreement/index.js'
import type { Caching, CompiledPolicy } from './caching/index.js'
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
  let link = linkTo(cited.url)
  // RFC 4946: of content, which errors are not.
  const licence = terms.licence === undefined ? '' : `, <${terms.licence}>; rel="license"`
  const fieldsByClass = new Map<string, RateLimitFields>()
  const fieldsOf = (className: string) => {
    let fields = fieldsByClass.get(className)
    if (!fields) fieldsByClass.set(className, (fields = rateLimitFields(className)))
    return fields
  }

  return (head, answer) => {
    const names = head.getHeaderNames()
    const { method, path, identity, own } = answer
    const { statusCode: status } = head
    if (agreement && agreement.cited !== cited) link = linkTo((cited = agreement.cited).url)
    const line = licence !== '' && status < 400 ? link + licence : link
    head.setHeader('Link', names.includes('link') ? withLine(linesOf(head.getHeader('Link')), line) : line)
    const cached = { method, path, status, account: identity.account.id, vary: identity.field, own }
    const shared = caching.stamp(head, cached, names)
    // A shared cache would tell one caller what was left for another, or is due; and nothing is left of what has no end.
    if (shared) return
    const due = agreement?.dueFieldOf(identity.client)
    if (due !== undefined) head.setHeader('Terms-Acceptance-Due', due)
    if (answer.limit === Infinity) return
    const fields = fieldsOf(answer.class)
    head.setHeader('RateLimit-Policy', fields.policy(answer.limit))
    head.setHeader('RateLimit', fields.state(answer.remaining))
  }
}

function linkTo(url: string): string {
  return `<${url}>; rel="terms-of-service"`
}

function linesOf(value: ReturnType<ResponseHead['getHeader']>): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** Once, where a second gate of the same Terms stands behind the first. */
function withLine(lines: readonly string[], line: string): readonly string[] {
  return lines.includes(line) ? lines : [...lines, line]
}
