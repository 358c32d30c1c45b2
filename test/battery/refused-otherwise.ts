import type { GateOptions, Registry } from '@api-terms/core'
import { TERMS_LINK } from './accounts.js'
import { canMount, type RefusalCase } from './case.js'

const RETRY = { 'retry-after': ['1'] }
const limitsUnavailable = { reason: 'limits-unavailable', status: 503, clause: null, fields: RETRY } as const
const registryUnavailable = {
  reason: 'registry-unavailable',
  status: 503,
  clause: null,
  fields: RETRY,
} as const
const blocked = { reason: 'request-blocked', status: 403, clause: '2(c)' } as const
const exhausted = (className: string, limit: number, inUse: number) =>
  ({
    reason: 'connections-exhausted',
    status: 429,
    clause: '2(d)',
    fields: {
      ...RETRY,
      'ratelimit-policy': [`"${className}";q=${limit};qu="concurrent-requests"`],
      ratelimit: [`"${className}";r=0`],
    },
    members: { connection_class: className, limit, in_use: inUse },
  }) as const

const never = <T>() => new Promise<T>(() => {})
const fails = () => Promise.reject(new Error('out of order'))
const throws = () => {
  throw new Error('out of order')
}
const looksUpBy = (findByDigest: Registry['findByDigest']) => () => ({
  registry: { findByDigest },
  credentials: { timeoutMs: 50 },
})
const limitedBy = (limits: NonNullable<GateOptions['limits']>) => () => ({
  limits,
  connections: { timeoutMs: 50 },
})
const blockedBy = (when: () => boolean | Promise<boolean>) => () => ({
  requests: { block: [{ when }] },
  connections: { timeoutMs: 50 },
})
const classedBy = (classify: () => unknown) => () => ({
  connections: { classify: classify as () => string },
})

const skippedBy = (id: string, title: string, skip: () => unknown): RefusalCase => ({
  id,
  basis: '2(c)',
  title,
  options: () => ({ skip: skip as () => boolean, limits: { read: 0 } }),
  ...exhausted('read', 0, 0),
})

const seenFrom = (address: string) => ({ fields: [['X-Forwarded-For', address] as const] })
const BAN_MS = 60_000
const banned = { 'retry-after': ['60'] }

export const REFUSED_OTHERWISE: readonly RefusalCase[] = [
  {
    id: 'refusal-403-sharing',
    basis: '4(a)',
    title: 'a credential that comes from more networks than the provider takes for one client’s',
    options: () => ({
      requests: { trustedProxies: ['loopback'] },
      misuse: { networks: { most: 1, refuseMs: BAN_MS } },
    }),
    before: [seenFrom('192.0.2.1'), seenFrom('192.0.2.200')],
    request: seenFrom('203.0.113.1'),
    reason: 'sharing-suspected',
    status: 403,
    clause: '4(a)',
    fields: banned,
  },
  {
    id: 'refusal-403-scraping',
    basis: '5(d)',
    title: 'an account that asks for more of one kind of content than the provider takes for use',
    options: () => ({ misuse: { ids: { paths: ['/v1/*rest'], most: 1, refuseMs: BAN_MS } } }),
    before: [{ target: '/v1/one' }, { target: '/v1/one?again' }],
    request: { target: '/v1/two' },
    reason: 'scraping-suspected',
    status: 403,
    clause: '5(d)',
    fields: banned,
  },
  {
    id: 'refusal-429-circumvention',
    basis: '2(d)',
    title: 'an account that was refused at its limit more often than the provider takes for an accident',
    options: () => ({ limits: { read: 0 }, misuse: { atLimit: { most: 1, refuseMs: BAN_MS } } }),
    before: [{}, {}],
    reason: 'circumvention-suspected',
    status: 429,
    clause: '2(d)',
    fields: banned,
  },
  {
    id: 'refusal-429-zero',
    basis: '2(d), draft-ietf-httpapi-ratelimit-headers-11',
    title: 'a limit of zero admits nobody',
    options: () => ({ limits: { read: 0 } }),
    ...exhausted('read', 0, 0),
  },
  {
    id: 'refusal-429-class',
    basis: '2(d)',
    title: 'a class of the provider’s own, by its name',
    options: () => ({ limits: { bulk: 0 }, connections: { classify: () => 'bulk' } }),
    ...exhausted('bulk', 0, 0),
  },
  {
    id: 'refusal-503-registry-rejects',
    basis: '2(c)',
    title: 'a registry that rejects',
    options: looksUpBy(fails),
    ...registryUnavailable,
  },
  {
    id: 'refusal-503-registry-throws',
    basis: '2(c)',
    title: 'a registry that throws',
    options: looksUpBy(throws),
    ...registryUnavailable,
  },
  {
    id: 'refusal-503-registry-hangs',
    basis: '2(c)',
    title: 'a registry that never answers',
    options: looksUpBy(never),
    ...registryUnavailable,
  },
  {
    id: 'refusal-503-limits-reject',
    basis: '2(d)',
    title: 'limits() that rejects',
    options: limitedBy(fails),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-limits-throw',
    basis: '2(d)',
    title: 'limits() that throws',
    options: limitedBy(throws),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-limits-hang',
    basis: '2(d)',
    title: 'limits() that never answers',
    options: limitedBy(never),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-limits-nonsense',
    basis: '2(d)',
    title: 'limits() that answers with no number',
    options: limitedBy(() => Promise.resolve({ read: Number.NaN })),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-classify-throws',
    basis: '2(d)',
    title: 'classify() that throws',
    options: classedBy(throws),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-classify-rejects',
    basis: '2(d)',
    title: 'classify() that is no plain function, and rejects',
    options: classedBy(fails),
    ...limitsUnavailable,
  },
  {
    id: 'refusal-503-class-unknown',
    basis: '2(d)',
    title: 'a class that no limit names',
    options: classedBy(() => 'unheard-of'),
    ...limitsUnavailable,
    fields: { 'retry-after': ['60'] },
  },
  {
    id: 'refusal-503-class-inherited',
    basis: '2(d)',
    title: 'a class that no limit names, though every object has a member of that name',
    options: classedBy(() => 'constructor'),
    ...limitsUnavailable,
    fields: { 'retry-after': ['60'] },
  },
  {
    id: 'refusal-403-when-rejects',
    basis: '5(a)',
    title: 'when() that rejects blocks',
    options: blockedBy(fails),
    ...blocked,
  },
  {
    id: 'refusal-403-when-throws',
    basis: '5(a)',
    title: 'when() that throws blocks',
    options: blockedBy(throws),
    ...blocked,
  },
  {
    id: 'refusal-403-when-hangs',
    basis: '5(a)',
    title: 'when() that never answers blocks',
    options: blockedBy(never),
    ...blocked,
  },
  skippedBy('refusal-skip-throws', 'skip() that throws: the request is checked', throws),
  skippedBy('refusal-skip-rejects', 'skip() that rejects: the request is checked', fails),
  skippedBy('refusal-skip-promises', 'skip() that promises to skip: the request is checked', () =>
    Promise.resolve(true),
  ),
  skippedBy('refusal-skip-hangs', 'skip() that never answers: the request is checked', never),
  {
    id: 'refusal-terms-own-clauses',
    basis: 'the provider’s Terms',
    title: 'the clauses are those of the provider’s own Terms',
    options: () => ({
      limits: { read: 0 },
      terms: {
        url: 'https://provider.example/terms',
        version: '2026-01',
        clauses: { 'connections-exhausted': '7.3' },
      },
    }),
    ...exhausted('read', 0, 0),
    clause: '7.3',
  },
  {
    id: 'refusal-passes-cors',
    basis: 'Fetch §3.3',
    title: 'the app’s fields for other origins go with a refusal, and its links beside that to the Terms',
    options: () => ({ limits: { read: 0 } }),
    setup: {
      before: {
        'Access-Control-Allow-Origin': 'https://app.example',
        'Access-Control-Allow-Credentials': 'true',
        Vary: 'Origin',
        'X-Request-Id': '17',
        Link: '<https://provider.example/docs>; rel="service-doc"',
      },
    },
    ...exhausted('read', 0, 0),
    fields: {
      ...exhausted('read', 0, 0).fields,
      'access-control-allow-origin': ['https://app.example'],
      'access-control-allow-credentials': ['true'],
      vary: ['Origin'],
      'x-request-id': ['17'],
      link: ['<https://provider.example/docs>; rel="service-doc"', TERMS_LINK],
    },
  },
  {
    id: 'refusal-drops-what-caches-heed',
    basis: 'RFC 9213 §2.2',
    title:
      'whatever the app set of an answer that is not given, or that would let a refusal be kept, is gone',
    options: () => ({ limits: { read: 0 } }),
    setup: {
      before: {
        'Cache-Control': 'public, max-age=600',
        Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
        ETag: '"1"',
        'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
        Age: '5',
        'CDN-Cache-Control': 'max-age=600',
        'Cloudflare-CDN-Cache-Control': 'max-age=600',
        'Surrogate-Control': 'max-age=600',
        'Content-Type': 'text/html',
        'Content-Encoding': 'gzip',
        'Content-Length': '3',
        'Content-Disposition': 'attachment',
      },
    },
    ...exhausted('read', 0, 0),
  },
  ...(['prefix', 'nested', 'rewritten', 'twice'] as const).map((mount): RefusalCase => ({
    id: `refusal-path-mounted-${mount}`,
    basis: '2(c)',
    title: `documented paths are compared with the whole original target (mounted: ${mount})`,
    options: () => ({ requests: { paths: ['/json', '/rewritten/v1/json'] } }),
    setup: { mount },
    reason: 'path-not-documented',
    status: 404,
    clause: '2(c)',
    runsOn: canMount(mount),
  })),
]
