import type { Caching, CompiledPolicy } from './caching/index.js'
import { rateLimitFields, type RateLimitFields } from './connections/index.js'
import type { ResponseHead } from './head.js'

/** What a stamp tells of. */
export interface StampedAnswer {
  readonly method: string
  readonly path: string
  readonly class: string
  readonly limit: number
  readonly remaining: number
  readonly identity: { readonly account: { readonly id: string }; readonly field: string }
  /** The handler's own word. */
  readonly own: CompiledPolicy | undefined
}

export type Stamp = (head: ResponseHead, answer: StampedAnswer) => void

/** What is written on every admitted response: the link to the Terms, how long it may be kept, and what is left of the limit. */
export function createStamp(termsUrl: string, caching: Caching): Stamp {
  const link = `<${termsUrl}>; rel="terms-of-service"`
  const fieldsByClass = new Map<string, RateLimitFields>()
  const fieldsOf = (className: string) => {
    let fields = fieldsByClass.get(className)
    if (!fields) fieldsByClass.set(className, (fields = rateLimitFields(className)))
    return fields
  }

  return (head, answer) => {
    const names = head.getHeaderNames()
    head.setHeader('Link', names.includes('link') ? withLine(linesOf(head.getHeader('Link')), link) : link)
    const { method, path, identity, own } = answer
    const { statusCode: status } = head
    const cached = { method, path, status, account: identity.account.id, vary: identity.field, own }
    const shared = caching.stamp(head, cached, names)
    // A shared cache would tell one caller what was left for another; and nothing is left of what has no end.
    if (shared || answer.limit === Infinity) return
    const fields = fieldsOf(answer.class)
    head.setHeader('RateLimit-Policy', fields.policy(answer.limit))
    head.setHeader('RateLimit', fields.state(answer.remaining))
  }
}

function linesOf(value: ReturnType<ResponseHead['getHeader']>): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** Once, where a second gate of the same Terms stands behind the first. */
function withLine(lines: readonly string[], line: string): readonly string[] {
  return lines.includes(line) ? lines : [...lines, line]
}
