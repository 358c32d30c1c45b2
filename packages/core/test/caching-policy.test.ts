import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { cachingSchema, type CachePolicy, compilePolicy } from '../src/caching/index.js'

/** Each issue as a provider reads it: where, and what to do. */
function issuesOf(options: unknown): string[] {
  const { issues } = v.safeParse(cachingSchema, options)
  return (issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
}

const GOOD: [string, CachePolicy, string][] = [
  ['G01', 'no-store', 'no-store'],
  ['G02', { visibility: 'none' }, 'no-store'],
  ['G03', 'No-Store, no-transform', 'no-store, no-transform'],
  ['G04', 'max-age=60,private', 'private, max-age=60'],
  ['G05', { visibility: 'private', maxAge: 60 }, 'private, max-age=60'],
  [
    'G06',
    { visibility: 'public', maxAge: 0, sharedMaxAge: 2_147_483_648 },
    'public, max-age=0, s-maxage=2147483648',
  ],
  ['G07', { maxAge: 1, mustRevalidate: true, noCache: false }, 'max-age=1, must-revalidate'],
  [
    'G08',
    {
      maxAge: 1,
      staleWhileRevalidate: 2,
      staleIfError: 3,
      noTransform: true,
      immutable: true,
      mustUnderstand: true,
    },
    'max-age=1, stale-while-revalidate=2, stale-if-error=3, no-transform, immutable, must-understand',
  ],
  ['G09', 'private, no-cache, proxy-revalidate', 'private, proxy-revalidate, no-cache'],
  ['G10', { maxAge: 5, visibility: undefined, immutable: undefined }, 'max-age=5'],
]

describe('a policy is a Cache-Control value or its members', () => {
  test.each(GOOD)('%s: %o stands for "%s"', (_id, policy, text) => {
    expect(issuesOf({ default: policy })).toEqual([])
    expect(compilePolicy(policy).text).toBe(text)
  })
})

// id, policy, where below `default`, what the message must say
const BAD: [string, unknown, string, string | RegExp][] = [
  ['B01', 'public, private', '', 'says public and private; choose one'],
  ['B02', 'no-store, max-age=60', '', 'says no-store and max-age; what is not stored needs only no-store'],
  ['B03', 'private, no-store', '', /no-store and private/],
  ['B04', { visibility: 'none', maxAge: 60 }, '', /no-store and max-age/],
  ['B05', 'private, s-maxage=60', '', /s-maxage.*add public/],
  ['B06', 's-maxage=60', '', /s-maxage.*add public/],
  ['B07', 'public, s-maxage=60, stale-if-error=60', '', /stale-if-error and s-maxage/],
  [
    'B08',
    'max-age=60, must-revalidate, stale-while-revalidate=60',
    '',
    /stale-while-revalidate and must-revalidate/,
  ],
  ['B09', { maxAge: 60, proxyRevalidate: true, staleIfError: 6 }, '', /stale-if-error and proxy-revalidate/],
  ['B10', 'no-cache, stale-while-revalidate=60', '', /stale-while-revalidate and no-cache/],
  ['B11', 'private, immutable', '', /immutable.*add max-age/],
  ['B12', 'private, maxage=60', '', /"maxage".*did you mean max-age\?/],
  ['B13', 'no_store', '', /"no_store".*did you mean no-store\?/],
  ['B14', 'smaxage=3', '', /did you mean s-maxage\?/],
  ['B15', 'private, flavour=vanilla', '', /"flavour", which is no directive of an answer; known are: public/],
  ['B16', 'only-if-cached', '', /no directive of an answer/],
  ['B17', 'max-age=60, max-age=30', '', 'says max-age more than once; say it once'],
  ['B18', 'max-age', '', 'must give max-age a whole number of seconds, 0 to 2147483648, unquoted'],
  ['B19', 'max-age="60"', '', /unquoted/],
  ['B20', 'max-age=-1', '', /whole number/],
  ['B21', 'max-age=1.5', '', /whole number/],
  ['B22', 'max-age=2147483649', '', /0 to 2147483648/],
  ['B23', 'private="set-cookie"', '', 'must say private without a value'],
  ['B24', 'no-cache=1', '', 'must say no-cache without a value'],
  ['B25', '', '', /says nothing; write 'no-store'/],
  ['B26', {}, '', /says nothing/],
  ['B27', 'private,, max-age=60', '', 'has a comma too many'],
  ['B28', { maxAge: -1 }, '.maxAge', 'must be a whole number of seconds, 0 to 2147483648'],
  ['B29', { maxAge: 2 ** 31 + 1 }, '.maxAge', /whole number/],
  ['B30', { maxAge: Number.NaN }, '.maxAge', /whole number/],
  ['B31', { maxAge: '60' }, '.maxAge', /whole number/],
  ['B32', { visibility: 'secret' }, '.visibility', "must be 'public', 'private' or 'none'"],
  ['B33', { maxAge: 1, immutable: 'yes' }, '.immutable', 'must be true or false'],
  ['B34', { maxage: 60 }, '.maxage', 'is no option; did you mean maxAge?'],
  ['B35', { 'max-age': 60 }, '.max-age', 'is no option; did you mean maxAge?'],
  ['B36', { colour: 1 }, '.colour', /is no option; known are: visibility, maxAge/],
  ['B37', 60, '', /must be a Cache-Control value/],
  ['B38', null, '', /must be a Cache-Control value/],
  ['B39', [], '', /must be a Cache-Control value/],
]

describe('a policy that cannot be kept is refused at start-up, with the remedy', () => {
  test.each(BAD)('%s: %o', (_id, policy, where, message) => {
    const issues = issuesOf({ default: policy })
    expect(issues).toHaveLength(1)
    const prefix = `default${where}: `
    expect(issues[0]!.slice(0, prefix.length)).toBe(prefix)
    const said = issues[0]!.slice(prefix.length)
    expect(typeof message === 'string' ? said === message : message.test(said)).toBe(true)
  })

  test.each(BAD)('%s: admission.cache() throws for %o', (_id, policy) => {
    expect(() => compilePolicy(policy as CachePolicy)).toThrow(TypeError)
  })

  test('all faults are told at once', () => {
    const rules = [
      { path: 'v1/calls', policy: 'no-stor' },
      { path: '/v1/:', methods: ['get', 'POST'], accounts: [], policy: { maxAge: -1, staleIfError: -1 } },
      { path: '/v1/calls', methods: ['HEAD'], policy: 'no-store' },
      { path: '/v1/calls', methods: [], policy: 'public, private, immutable' },
    ]
    expect(issuesOf({ default: 'pubic', rules })).toEqual([
      expect.stringContaining('default: holds "pubic"'),
      expect.stringContaining("rules.0.path: must begin with '/'"),
      expect.stringContaining('rules.0.policy: holds "no-stor"'),
      expect.stringContaining('rules.1.path: is no pattern of path-to-regexp 8'),
      expect.stringContaining('rules.1.methods.0: must be a method in capitals'),
      expect.stringContaining('rules.1.accounts: must name an account'),
      expect.stringContaining('rules.1.policy.maxAge: must be a whole number'),
      expect.stringContaining('rules.1.policy.staleIfError: must be a whole number'),
      expect.stringContaining('rules.2.methods: must name GET beside HEAD'),
      expect.stringContaining('rules.3.methods: must name a method'),
      expect.stringContaining('rules.3.policy: says public and private'),
      expect.stringContaining('rules.3.policy: says immutable'),
    ])
  })

  test('unknown options are refused', () => {
    expect(issuesOf({ defaults: 'no-store' })).toHaveLength(1)
    expect(issuesOf({ rules: [{ path: '/', policy: 'no-store', method: 'GET' }] })).toHaveLength(1)
  })
})
