import * as fc from 'fast-check'
import CachePolicyReader from 'http-cache-semantics'
import { describe, expect, test } from 'vitest'
import { type CachePolicyObject, compilePolicy, createCaching } from '../src/caching/index.js'
import { headWith, NOW, stampedAnswer, under } from './caching-answer.js'

/** An independent reader, whose time stands still. */
class Reader extends CachePolicyReader {
  now() {
    return NOW
  }
}

interface Judged {
  storable: boolean
  /** In ms, a stale answer's allowance included. */
  timeToLive: number
}

const CACHES = [
  { shared: true, credentialed: true },
  { shared: true, credentialed: false },
  { shared: false, credentialed: true },
]

/** How a cache reads a Cache-Control; the old Last-Modified gives what is not said a guessed lifetime of years. */
function judge(cacheControl: string, cache: (typeof CACHES)[number]): Judged {
  const request = {
    method: 'GET',
    url: '/',
    headers: cache.credentialed ? { authorization: 'Bearer x' } : {},
  }
  const headers = {
    // This reader knows directives in lower case only, against RFC 9111 §5.2, and takes a negative lifetime off what may be
    // served stale, where what is no number of seconds is only stale at once (§4.2.1).
    'cache-control': cacheControl.toLowerCase().replaceAll(/(max-?age="?)-\d+/g, '$10'),
    date: new Date(NOW).toUTCString(),
    'last-modified': 'Thu, 01 Jan 1970 00:00:00 GMT',
  }
  const reader = new Reader(request, { status: 200, headers }, { shared: cache.shared })
  return { storable: reader.storable(), timeToLive: reader.storable() ? reader.timeToLive() : 0 }
}

/** In what the one goes beyond the other, if it does. */
function excess(judged: Judged, bound: Judged): string | undefined {
  if (judged.storable && !bound.storable) return 'stored where it must not be'
  return judged.timeToLive > bound.timeToLive
    ? `${judged.timeToLive - bound.timeToLive} ms longer`
    : undefined
}

const seconds = fc.option(fc.oneof(fc.constantFrom(0, 1, 60), fc.nat(100_000)), { nil: undefined })
const flag = fc.option(fc.constant(true), { nil: undefined, freq: 3 })
const members = {
  maxAge: seconds,
  mustRevalidate: flag,
  proxyRevalidate: flag,
  noCache: flag,
  noTransform: flag,
  immutable: flag,
  mustUnderstand: flag,
}
const stale = { maxAge: seconds, staleWhileRevalidate: seconds, staleIfError: seconds, noTransform: flag }

const policies = fc
  .oneof(
    fc.constant<CachePolicyObject>({ visibility: 'none' }),
    fc.record({ ...members, visibility: fc.constantFrom('private', undefined) }),
    fc.record({ ...members, visibility: fc.constant('public' as const), sharedMaxAge: seconds }),
    fc.record({ ...stale, visibility: fc.constantFrom('public', 'private', undefined) }),
  )
  .map((policy) => policy as CachePolicyObject)
  .filter((policy) => {
    try {
      return Boolean(compilePolicy(policy))
    } catch {
      return false
    }
  })

const name = fc.constantFrom(
  'max-age',
  's-maxage',
  'stale-while-revalidate',
  'stale-if-error',
  'public',
  'private',
  'no-store',
  'no-cache',
  'must-revalidate',
  'proxy-revalidate',
  'no-transform',
  'immutable',
  'must-understand',
  'max-stale',
  'foo',
  'x y',
  '',
)
const value = fc.oneof(
  fc.nat(100_000).map((number) => `=${number}`),
  fc.nat(100).map((number) => `="${number}"`),
  fc.constantFrom(
    '',
    '',
    '',
    '=',
    '=abc',
    '=-1',
    '=1.5',
    '=1e3',
    '= 7 ',
    '=99999999999',
    '="a b"',
    '="',
    '=""',
    '=7x',
  ),
)
const letters = fc
  .func(fc.boolean())
  .map(
    (upper) => (text: string) =>
      text.replace(/[a-z]/g, (letter, index) => (upper(index) ? letter.toUpperCase() : letter)),
  )
const directive = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(name, value).map(([word, rest]) => word + rest) },
  { weight: 1, arbitrary: fc.tuple(name, value, letters).map(([word, rest, cased]) => cased(word) + rest) },
)
const separator = fc.constantFrom(',', ', ', ' ,, ', '\t,')
const words = fc.array(fc.tuple(directive, separator), { maxLength: 6 }).map((parts) =>
  parts
    .map(([word, between]) => word + between)
    .join('')
    .replace(/[,\s]+$/, ''),
)
const printable = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code < 0x7f || code > 0x9f)
    .map((code) => String.fromCharCode(code)),
})

const RUNS = { numRuns: 400 }

describe('whatever the ceiling and whatever the handler says', () => {
  test('an independent reader keeps a stamped answer no longer and no wider than the policy says', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        for (const cache of CACHES) {
          expect(
            excess(judge(String(under(policy)), cache), judge(compilePolicy(policy).text, cache)),
          ).toBeUndefined()
        }
      }),
      RUNS,
    )
  })

  test('nor than the ceiling permits when the handler says something', () => {
    fc.assert(
      fc.property(policies, fc.oneof(words, printable), (policy, own) => {
        for (const cache of CACHES) {
          expect(
            excess(judge(String(under(policy, own)), cache), judge(String(under(policy)), cache)),
          ).toBeUndefined()
        }
      }),
      RUNS,
    )
  })

  test('nor than the handler says', () => {
    fc.assert(
      fc.property(policies, words, (policy, own) => {
        // To say nothing about who may keep it is no word, so the credential is left out of sight.
        for (const cache of CACHES.filter(({ credentialed, shared }) => !shared || !credentialed)) {
          expect(excess(judge(String(under(policy, own)), cache), judge(own, cache))).toBeUndefined()
        }
      }),
      RUNS,
    )
  })

  test('nor than admission.cache() says', () => {
    fc.assert(
      fc.property(policies, policies, (policy, own) => {
        for (const cache of CACHES.filter(({ credentialed, shared }) => !shared || !credentialed)) {
          const judged = judge(String(under(policy, undefined, { own })), cache)
          expect(excess(judged, judge(compilePolicy(own).text, cache))).toBeUndefined()
          expect(excess(judged, judge(String(under(policy)), cache))).toBeUndefined()
        }
      }),
      RUNS,
    )
  })

  test('what either side demands of caches stays', () => {
    const demands = ['no-cache', 'must-revalidate', 'proxy-revalidate', 'no-transform', 'private', 'no-store']
    fc.assert(
      fc.property(policies, fc.subarray(demands), (policy, own) => {
        const before = String(under(policy)).split(', ')
        const after = String(under(policy, own)).split(', ')
        for (const demand of demands.filter((one) => own.includes(one) || before.includes(one))) {
          expect(after.includes(demand) || (after.includes('no-store') && demand !== 'no-transform')).toBe(
            true,
          )
        }
      }),
      RUNS,
    )
  })

  test('there is one line, each directive once, numbers bare and in bounds', () => {
    fc.assert(
      fc.property(policies, fc.oneof(words, printable), (policy, own) => {
        const line = String(under(policy, own))
        const names = line.split(', ').map((word) => {
          expect(word).toMatch(/^[\w!#$%&'*+.^`|~-]+(=([\w!#$%&'*+.^`|~-]+|"[^",\\]*"))?$/)
          const [directiveName, number] = word.split('=')
          const timed = /^(max-age|s-maxage|stale-.*)$/.test(directiveName!)
          expect(!timed || (/^\d+$/.test(number!) && Number(number) <= 2 ** 31)).toBe(true)
          return directiveName
        })
        expect(new Set(names).size).toBe(names.length)
      }),
      RUNS,
    )
  })

  test('stamping twice changes nothing where no lifetime is permitted and a field names none', () => {
    const caching = createCaching({ default: 'public, no-cache' }, () => NOW)
    const set = { 'Cache-Control': 's-maxage="0"', 'Surrogate-Control': '' }
    const answer = {
      method: 'GET',
      path: '/',
      status: 200,
      account: 'acme',
      vary: 'Authorization',
      own: undefined,
    }
    const head = headWith(set)
    caching.stamp(head, answer)
    const once = { ...head.getHeaders() }
    caching.stamp(head, answer)
    expect({ ...head.getHeaders() }).toEqual(once)
  })

  test('stamping twice changes nothing', () => {
    const fields = fc.record(
      {
        'Cache-Control': fc.oneof(words, fc.array(words, { maxLength: 3 })),
        'CDN-Cache-Control': fc.oneof(words, printable),
        'Surrogate-Control': fc.oneof(words, printable),
        Expires: fc.oneof(
          fc.constant('0'),
          fc.nat(200_000).map((after) => new Date(NOW + after * 1000).toUTCString()),
        ),
        Vary: fc.constantFrom('*', 'Origin', 'origin, AUTHORIZATION', 'Accept,,Accept'),
        Age: fc.constant('7'),
      },
      { requiredKeys: [] },
    )
    const own = fc.option(policies, { nil: undefined })
    fc.assert(
      fc.property(policies, fields, own, fc.constantFrom(200, 304, 404), (policy, set, said, status) => {
        const caching = createCaching({ default: policy }, () => NOW)
        const answer = {
          method: 'GET',
          path: '/',
          status,
          account: 'acme',
          vary: 'Authorization',
          own: said && compilePolicy(said),
        }
        const head = headWith(set)
        const shared = caching.stamp(head, answer)
        const once = { ...head.getHeaders() }
        expect(caching.stamp(head, answer)).toBe(shared)
        expect({ ...head.getHeaders() }).toEqual(once)
      }),
      RUNS,
    )
  })

  test('a targeted field gives a shared cache no more than the ceiling does, nor than it said', () => {
    const shared = CACHES[1]!
    fc.assert(
      fc.property(policies, words, (policy, own) => {
        const seen = stampedAnswer({ default: policy }, { 'CDN-Cache-Control': own }).fields[
          'cdn-cache-control'
        ]
        if (seen === undefined) return
        expect(excess(judge(seen, shared), judge(String(under(policy)), shared))).toBeUndefined()
        expect(excess(judge(seen, shared), judge(own, shared))).toBeUndefined()
      }),
      RUNS,
    )
  })
})
