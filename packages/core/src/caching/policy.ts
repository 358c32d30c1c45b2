import { likelyName } from '../likely-name.js'
import { type Directives, readDirectives, writeDirectives } from './directives.js'
import { faultsOfText, isSeconds, type PolicyFault, SECONDS_REMEDY } from './faults.js'
import { FLAG_MEMBERS, FLAGS, SECONDS, SECONDS_MEMBERS } from './names.js'

/** A policy in members. Times are in whole seconds, 0 to 2147483648. Absent: not said. */
export interface CachePolicyObject {
  /** Who may keep the answer; `none` is `no-store`. Absent: `private`. */
  visibility?: 'public' | 'private' | 'none' | undefined
  /** `max-age`: how long the answer is fresh. Absent: 0, unless `noCache`. */
  maxAge?: number | undefined
  /** `s-maxage`: the same for shared caches; only with `visibility: 'public'` (RFC 9111 §3.5). */
  sharedMaxAge?: number | undefined
  /** How much longer a stale answer may be served while a fresh one is fetched (RFC 5861 §3). */
  staleWhileRevalidate?: number | undefined
  /** How much longer a stale answer may be served where fetching fails (RFC 5861 §4). */
  staleIfError?: number | undefined
  mustRevalidate?: boolean | undefined
  proxyRevalidate?: boolean | undefined
  noCache?: boolean | undefined
  noTransform?: boolean | undefined
  /** Only with `maxAge` (RFC 8246). */
  immutable?: boolean | undefined
  mustUnderstand?: boolean | undefined
}

/** How long an answer may be kept, and by whom: a Cache-Control value (RFC 9111 §5.2.2), or the same in members. */
export type CachePolicy = string | CachePolicyObject

/** A policy that has been checked, in the one form that everything else reads. Made by {@link compilePolicy}. */
export interface CompiledPolicy {
  /** @internal */
  readonly directives: Directives
  /** The policy as a Cache-Control value, in a fixed order. */
  readonly text: string
}

/**
 * Checks a policy and brings it into one form.
 *
 * @throws TypeError with every fault and its remedy
 */
export function compilePolicy(policy: CachePolicy): CompiledPolicy {
  const faults = faultsOf(policy)
  if (faults.length > 0) {
    const lines = faults.map(({ member, message }) =>
      member === undefined ? message : `${member} ${message}`,
    )
    throw new TypeError(`api-terms: a cache policy is wrong: ${lines.join('; ')}`)
  }
  const directives = readDirectives(typeof policy === 'string' ? policy : writePolicy(policy))
  return Object.freeze({ directives: Object.freeze(directives), text: writeDirectives(directives) })
}

/** Everything that is wrong with a policy, whatever was given for one. */
export function faultsOf(policy: unknown): PolicyFault[] {
  if (typeof policy === 'string') return faultsOfText(policy)
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) {
    return [{ message: "must be a Cache-Control value, e.g. 'private, max-age=60', or an object" }]
  }
  const faults = Object.entries(policy).flatMap(([member, value]) => {
    const message = value === undefined && MEMBERS.has(member) ? undefined : faultOfMember(member, value)
    return message === undefined ? [] : [{ member, message }]
  })
  // What is written from wrong members would be reported twice.
  return faults.length > 0 ? faults : faultsOfText(writePolicy(policy))
}

const SECONDS_NAMES: ReadonlySet<string> = new Set(SECONDS_MEMBERS)
const MEMBERS: ReadonlySet<string> = new Set(['visibility', ...SECONDS_MEMBERS, ...FLAG_MEMBERS])

function faultOfMember(member: string, value: unknown): string | undefined {
  if (!MEMBERS.has(member)) {
    return `is no option; ${likelyName(member, [...MEMBERS])}`
  }
  if (member === 'visibility') {
    const known = value === 'public' || value === 'private' || value === 'none'
    return known ? undefined : "must be 'public', 'private' or 'none'"
  }
  if (SECONDS_NAMES.has(member)) return isSeconds(value) ? undefined : `must be ${SECONDS_REMEDY}`
  return typeof value === 'boolean' ? undefined : 'must be true or false'
}

/** A policy object as the Cache-Control value that it stands for. */
function writePolicy(policy: CachePolicyObject): string {
  const words: string[] = []
  if (policy.visibility) words.push(policy.visibility === 'none' ? 'no-store' : policy.visibility)
  for (const member of SECONDS_MEMBERS) {
    if (policy[member] !== undefined) words.push(`${SECONDS[member]}=${policy[member]}`)
  }
  for (const member of FLAG_MEMBERS) if (policy[member]) words.push(FLAGS[member])
  return words.join(', ')
}
