import type { ResponseHead } from '../head.js'
import { type Ceiling, createCeiling, type Stamped } from './ceiling.js'
import type { Directives } from './directives.js'
import { lifetimeOfExpires } from './expires.js'
import { findFields, linesOf, type SaidFields, textOf } from './fields.js'
import type { CachingOptions } from './options.js'
import { type CachePolicy, compilePolicy, type CompiledPolicy } from './policy.js'
import { remembering } from './remember.js'
import { createPicker } from './rules.js'
import { narrowTargeted } from './targeted.js'
import { createVary } from './vary.js'

/** The answer that a head belongs to. */
export interface CachedAnswer {
  readonly method: string
  /** Of the original target, whole. */
  readonly path: string
  readonly status: number
  /** The id of the account that the answer is for. */
  readonly account: string
  /** The name of the field that carried the credential, e.g. `Authorization`. */
  readonly vary: string
  /** What the handler said through `admission.cache()`. */
  readonly own?: CompiledPolicy | undefined
}

/** Decides how long answers may be kept. */
export interface Caching {
  /**
   * Decides as the head is written, and writes Cache-Control and Vary; brings Expires and targeted fields in line, and
   * removes Age. Returns whether a shared cache may store the answer. 1xx are left as they are.
   * `names` are those of the fields set so far, in lower case, where they are known.
   */
  stamp(head: ResponseHead, answer: CachedAnswer, names?: readonly string[]): boolean
  /** What `stamp` writes where the app has said nothing of caching in its fields: see {@link isOfCaching}. */
  ceilingFor(answer: CachedAnswer): Pick<Ceiling, 'linesBehind' | 'shared'>
  /**
   * {@link compilePolicy} for what handlers say request by request: a policy that is text is worked out once.
   *
   * @throws TypeError with every fault and its remedy
   */
  compile(policy: CachePolicy): CompiledPolicy
}

/** The caching room. `now` is the time of day in ms, for the handler's Expires; `Date.now` by default. */
export function createCaching(options: CachingOptions, now: () => number = Date.now): Caching {
  const noStore = createCeiling(compilePolicy('no-store'))
  const pick = createPicker(options, noStore)
  const vary = createVary()
  const compileText = remembering(compilePolicy)

  const ceilingFor = (answer: CachedAnswer) => {
    if (answer.status >= 400) return noStore
    const ceiling = pick(answer.method, answer.path, answer.account)
    return answer.own ? ceiling.below(answer.own) : ceiling
  }

  return {
    ceilingFor,
    stamp(head, answer, names = head.getHeaderNames()) {
      if (answer.status < 200) return false
      const ceiling = ceilingFor(answer)
      const said = findFields(names)
      if (!said) {
        head.setHeader('Cache-Control', ceiling.text)
        head.setHeader('Vary', answer.vary)
        return ceiling.shared
      }
      const expiresIn = said.expires ? expiresOf(head, now()) : undefined
      const cacheControl = said.cacheControl ? textOf(head, 'cache-control') : undefined
      // Whatever the app's error page says, an error is not kept.
      const stamped = answer.status >= 400 ? noStore : ceiling.withFields(cacheControl, expiresIn)
      bringInLine(head, said, stamped, ceiling.directives, now)
      head.setHeader('Cache-Control', stamped.text)
      head.setHeader('Vary', said.vary ? vary(textOf(head, 'vary') ?? '', answer.vary) : answer.vary)
      return stamped.shared
    },
    compile: (policy) => (typeof policy === 'string' ? compileText(policy) : compilePolicy(policy)),
  }
}

function expiresOf(head: ResponseHead, now: number): number {
  return lifetimeOfExpires(linesOf(head, 'expires'), textOf(head, 'date'), now)
}

/** What else speaks of caching must not contradict Cache-Control, which always holds what Expires would say. */
function bringInLine(
  head: ResponseHead,
  said: SaidFields,
  stamped: Stamped,
  permitted: Directives,
  now: () => number,
): void {
  if (said.expires) head.removeHeader('Expires')
  // Age counts from the origin, which this is (RFC 9111 §5.1): a cache behind would take off what was never spent.
  if (said.age) head.removeHeader('Age')
  for (const name of said.targeted) {
    const value = stamped.shared ? textOf(head, name) : undefined
    const narrowed =
      value === undefined ? undefined : narrowTargeted(name, value, permitted, stamped.directives, now())
    if (narrowed === undefined) head.removeHeader(name)
    else head.setHeader(name, narrowed)
  }
}
