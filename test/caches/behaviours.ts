import type { CachePolicy } from '@api-terms/core'
import { setFields } from '../subjects/handlers.js'
import type { Exchanged, Fields, Handler, Handlers } from '../subjects.js'

const YEAR = 31_536_000
const FAR = 'Fri, 01 Jan 2100 00:00:00 GMT'
const FAR_SECONDS = Date.parse(FAR) / 1000

/** How a handler speaks of caching, past what the policy permits or below it. */
export interface Behaviour {
  readonly name: string
  readonly fields?: Fields
  readonly status?: number
  /** Whether the handler itself forbids shared caches to keep the answer. */
  readonly narrows?: boolean
}

const WIDE = `public, max-age=${YEAR}`

export const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'silent' },
  { name: 'wide', fields: { 'Cache-Control': `${WIDE}, immutable` } },
  { name: 'wide-shared', fields: { 'Cache-Control': `public, s-maxage=${YEAR}, must-revalidate` } },
  { name: 'wide-stale', fields: { 'Cache-Control': `${WIDE}, stale-while-revalidate=${YEAR}` } },
  { name: 'lines', fields: { 'Cache-Control': ['public', `max-age=${YEAR}`, `s-maxage=${YEAR}`] } },
  { name: 'expires', fields: { Expires: FAR } },
  {
    name: 'pragma',
    fields: { Pragma: 'public', Expires: FAR, 'Last-Modified': 'Thu, 01 Jan 1970 00:00:00 GMT' },
  },
  { name: 'cdn', fields: { 'CDN-Cache-Control': `max-age=${YEAR}` } },
  { name: 'surrogate', fields: { 'Surrogate-Control': `max-age=${YEAR}` } },
  { name: 'accel', fields: { 'X-Accel-Expires': `${YEAR}` } },
  { name: 'accel-first', fields: { 'X-Accel-Expires': `${YEAR}`, 'Cache-Control': WIDE } },
  { name: 'accel-last', fields: { 'Cache-Control': WIDE, 'X-Accel-Expires': `${YEAR}` } },
  { name: 'accel-date', fields: { 'X-Accel-Expires': `@${FAR_SECONDS}` } },
  { name: 'accel-never', fields: { 'X-Accel-Expires': '0' } },
  { name: 'edge', fields: { 'Edge-Control': `!no-store, max-age=${YEAR}` } },
  { name: 'varied', fields: { Vary: 'Accept-Language, Origin', 'Cache-Control': WIDE } },
  { name: 'varied-by-all', fields: { Vary: '*', 'Cache-Control': WIDE } },
  { name: 'aged', fields: { Age: '0', 'Cache-Control': WIDE } },
  { name: 'tagged', fields: { ETag: '"one"', 'Cache-Control': WIDE } },
  { name: 'cookie', fields: { 'Cache-Control': WIDE } },
  { name: 'narrow', narrows: true, fields: { 'Cache-Control': 'private, max-age=1' } },
  { name: 'never', narrows: true, fields: { 'Cache-Control': 'no-store' } },
  { name: 'redirect', status: 301, fields: { Location: '/v1/elsewhere', 'Cache-Control': WIDE } },
  { name: 'not-found', status: 404, fields: { 'Cache-Control': WIDE, 'X-Accel-Expires': `${YEAR}` } },
  { name: 'not-found-silent', status: 404 },
  { name: 'gone', status: 410, fields: { Expires: FAR, 'CDN-Cache-Control': `max-age=${YEAR}` } },
  { name: 'fault', status: 500, fields: { 'Cache-Control': WIDE, 'X-Accel-Expires': `${YEAR}` } },
]

/** Policies by the name that stands in the path. */
export const POLICIES = {
  private: { policy: 'private, max-age=60', sharedFor: undefined },
  never: { policy: 'no-store', sharedFor: undefined },
  guarded: { policy: 'max-age=60, must-revalidate', sharedFor: undefined },
  public: { policy: 'public, max-age=3600', sharedFor: 3600 },
  cdn: { policy: 'public, max-age=60, s-maxage=600', sharedFor: 600 },
  stale: { policy: 'public, max-age=0', sharedFor: 0 },
  checked: { policy: 'public, no-cache', sharedFor: 0 },
  brief: { policy: 'public, max-age=1', sharedFor: 1 },
} satisfies Record<string, { policy: CachePolicy; sharedFor: number | undefined }>

export type PolicyName = keyof typeof POLICIES
export const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[]

/** One of each kind: for what asks a real cache about each behaviour under each policy. */
export const KINDS: readonly PolicyName[] = ['private', 'never', 'public', 'checked']

export const CACHING = {
  rules: Object.entries(POLICIES).map(([name, { policy }]) => ({ path: `/v1/${name}/*rest`, policy })),
}

export const targetOf = (policy: PolicyName, { name }: Behaviour) => `/v1/${policy}/${name}`

/** For how long a shared cache may keep such an answer at most, in seconds. `undefined`: it must not. */
export function sharedFor(policy: PolicyName, { status = 200, narrows }: Behaviour): number | undefined {
  return status >= 400 || narrows ? undefined : POLICIES[policy].sharedFor
}

/** Handlers whose every answer tells for whom it was made, and the how-manieth it is. */
export function taggingHandlers(): Handlers {
  let count = 0
  const handler = (behaviour: Behaviour): Handler => ({
    does: (exchanged) => answerTagged(exchanged, behaviour, ++count),
  })
  return Object.fromEntries(
    POLICY_NAMES.flatMap((policy) => BEHAVIOURS.map((one) => [targetOf(policy, one), handler(one)])),
  )
}

function answerTagged({ req, res, admission }: Exchanged, behaviour: Behaviour, count: number): void {
  const tag = `made-for-${admission!.account.id}-${count}`
  setFields(res, behaviour.fields)
  res.setHeader('X-Tag', tag)
  if (behaviour.name === 'cookie') res.setHeader('Set-Cookie', `session=${tag}`)
  const known = res.getHeader('ETag')
  res.statusCode = known && req.headers['if-none-match'] === known ? 304 : (behaviour.status ?? 200)
  if (res.statusCode === 304) res.end()
  else res.end(tag)
}
