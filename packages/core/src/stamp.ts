import { isOfCaching, type CachedAnswer, type Caching, type CompiledPolicy } from './caching/index.js'
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
  const linkLine = `Link: ${link}\r\n`
  const fieldsByClass = new Map<string, RateLimitFields>()
  const fieldsOf = (className: string) => {
    let fields = fieldsByClass.get(className)
    if (!fields) fieldsByClass.set(className, (fields = rateLimitFields(className)))
    return fields
  }

  /** For an app that has set none of these fields, as most do: all are written before, but for the counts. */
  const linesOfStamp = (answer: StampedAnswer, status: number) => {
    const { lines, shared } = caching.unsaid(cachedAnswer(answer, status))
    const written = linkLine + lines(answer.identity.field)
    if (shared || answer.limit === Infinity) return written
    return written + fieldsOf(answer.class).lines(answer.limit, answer.remaining)
  }

  return (head, answer) => {
    const names = head.getHeaderNames()
    if (head.addLines && names.every(isOfOthers)) return head.addLines(linesOfStamp(answer, head.statusCode))
    head.setHeader('Link', names.includes('link') ? withLine(linesOf(head.getHeader('Link')), link) : link)
    const shared = caching.stamp(head, cachedAnswer(answer, head.statusCode), names)
    // A shared cache would tell one caller what was left for another; and nothing is left of what has no end.
    if (shared || answer.limit === Infinity) return
    const fields = fieldsOf(answer.class)
    head.setHeader('RateLimit-Policy', fields.policy(answer.limit))
    head.setHeader('RateLimit', fields.state(answer.remaining))
  }
}

/** Whether a field is none of those that a stamp writes or looks at. */
function isOfOthers(name: string): boolean {
  return name !== 'link' && !name.startsWith('ratelimit') && !isOfCaching(name)
}

function cachedAnswer({ method, path, identity, own }: StampedAnswer, status: number): CachedAnswer {
  return { method, path, status, account: identity.account.id, vary: identity.field, own }
}

function linesOf(value: ReturnType<ResponseHead['getHeader']>): readonly string[] {
  return typeof value === 'object' ? value : [String(value)]
}

/** Once, where a second gate of the same Terms stands behind the first. */
function withLine(lines: readonly string[], line: string): readonly string[] {
  return lines.includes(line) ? lines : [...lines, line]
}
