import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { reason } from './requests-ask.js'

const plain = [
  '/',
  '/v1/calls',
  '/v1/calls/',
  '/V1/Calls/...',
  '/v1/.well-known/a.b..c',
  "/v1/a~b_c-d!$&'()*+,=:@",
  '/v1/tags/[a]|b',
  '/v1/%20%40%3B%3a%7E%2D%5F',
  '/v1/caf%C3%A9/%f0%9f%93%9e',
  '/v1/100%25',
  '/v1/100%25zz',
  '/v1/calls?from=//x;y/../%2e%2F%zz\\{}[]|^`"<>',
  '/v1/calls?a?b',
  '/?',
]

const ambiguous = [
  '',
  '//',
  '//v1/calls',
  '/v1//calls',
  '/v1/calls//',
  '/v1/./calls',
  '/v1/../calls',
  '/v1/calls/.',
  '/v1/calls/..',
  '/..?a',
  '/.',
  '/v1/calls;a=b',
  '/v1;/calls',
  '/v1\\calls',
  '/v1/%2e%2e/calls',
  '/v1/a%2Eb',
  '/v1%2Fcalls',
  '/v1%2fcalls',
  '/v1%5ccalls',
  '/v1%5Ccalls',
  '/v1/%00',
  '/v1/%0d%0A',
  '/v1/%1F',
  '/v1/%7f',
  '/v1/%C2%85',
  '/v1/\u0000',
  '/v1/a b',
  '/v1/a\tb',
  '/v1/\u007F',
  '/v1/café',
  '/v1/calls?q=é',
  '/v1/calls?q=a b',
  '/v1/calls#a',
  '/v1/calls?q#a',
  '/v1/%',
  '/v1/%a',
  '/v1/%zz',
  '/v1/100%',
  '/v1/%61',
  '/v1/%5a',
  '/v1/%39',
  '/v1/%2541',
  '/v1/%252e',
  '/v1/%C3',
  '/v1/%80',
  '/v1/%C0%AF',
  '/v1/%ED%A0%80',
  '/v1/"a"',
  '/v1/<a>',
  '/v1/{a}',
  '/v1/a^b`',
  'v1/calls',
  '*/v1',
  'api.example:443',
  'ftp://api.example/v1',
  'javascript:alert(1)',
]

describe('a target', () => {
  test.each(plain)('%j has one reading', async (target) => {
    expect(await reason({}, { target })).toBe('admitted')
  })

  test.each(ambiguous)('%j is refused, not repaired', async (target) => {
    expect(await reason({}, { target })).toBe('target-ambiguous')
  })

  it('in asterisk form is for OPTIONS only', async () => {
    expect(await reason({}, { method: 'OPTIONS', target: '*' })).toBe('admitted')
    expect(await reason({}, { target: '*' })).toBe('target-ambiguous')
  })

  it('in authority form is for CONNECT only', async () => {
    const target = 'api.example:443'
    expect(await reason({}, { method: 'CONNECT', target })).toBe('method-not-allowed')
    expect(await reason({ methods: ['CONNECT'] }, { method: 'CONNECT', target })).toBe('admitted')
    expect(await reason({}, { method: 'CONNECT', target: 'a@api.example:443' })).toBe('target-ambiguous')
  })

  it('may be as long as the provider says, and 8000 octets where nothing is said', async () => {
    const target = `/${'a'.repeat(7999)}`
    expect(await reason({}, { target })).toBe('admitted')
    expect(await reason({}, { target: `${target}b` })).toBe('target-too-long')
    expect(await reason({ maxTargetLength: 9 }, { target: '/v1/calls' })).toBe('admitted')
    expect(await reason({ maxTargetLength: 8 }, { target: '/v1/calls' })).toBe('target-too-long')
  })

  it('is read in time proportional to its length, however hostile', async () => {
    const began = performance.now()
    for (const part of ['/a', '/.', '/..', '%2e', '%C3%A9', '/%', ';', '_', '&_%6d', '?']) {
      const target = `/${part.repeat(500_000)}é`
      await reason({ maxTargetLength: 10_000_000, paths: ['/a/*rest'] }, { target })
    }
    expect(performance.now() - began).toBeLessThan(5000)
  })
})

describe('a target in absolute form', () => {
  const absolute: [string, string, string][] = [
    ['http://api.example/v1/calls', 'api.example', 'admitted'],
    ['HTTP://API.example/v1/calls', 'api.EXAMPLE', 'admitted'],
    ['http://api.example:80/v1/calls', 'api.example', 'admitted'],
    ['http://api.example/v1/calls', 'api.example:80', 'admitted'],
    ['https://api.example:443/v1/calls', 'api.example', 'admitted'],
    ['http://api.example:8080/v1/calls', 'api.example:8080', 'admitted'],
    ['http://[::1]:8080/v1/calls', '[::1]:8080', 'admitted'],
    ['http://api.example?x=1', 'api.example', 'admitted'],
    ['http://api.example:443/v1/calls', 'api.example', 'target-ambiguous'],
    ['http://other.example/v1/calls', 'api.example', 'target-ambiguous'],
    ['http://api.example:8080/v1/calls', 'api.example', 'target-ambiguous'],
    ['http://user@api.example/v1/calls', 'api.example', 'target-ambiguous'],
    ['http:///v1/calls', 'api.example', 'target-ambiguous'],
    ['http://api.example/v1//calls', 'api.example', 'target-ambiguous'],
    ['http://api.example/v1/%2e%2e', 'api.example', 'target-ambiguous'],
    ['http://api.example\\v1', 'api.example', 'target-ambiguous'],
  ]
  test.each(absolute)('%s with Host %s: %s', async (target, host, expected) => {
    expect(await reason({}, { target, lines: [['Host', host]] })).toBe(expected)
  })

  it('is refused over HTTP/2, where the path stands in a field of its own', async () => {
    const target = 'http://api.example/v1/calls'
    const lines = [
      [':path', target] as const,
      [':authority', 'api.example'] as const,
      ['host', 'api.example'] as const,
    ]
    expect(await reason({}, { target, lines })).toBe('target-ambiguous')
  })

  it('names the path that every other check reads', async () => {
    const target = 'http://api.example/v1/admin'
    expect(await reason({ block: [{ path: '/v1/admin' }] }, { target })).toBe('request-blocked')
  })
})

describe('the host', () => {
  const hosts: [readonly (readonly [string, string])[], string][] = [
    [[['Host', 'api.example']], 'admitted'],
    [[['host', 'api.example:3000']], 'admitted'],
    [[['Host', '[2001:db8::1]:3000']], 'admitted'],
    [[[':authority', 'api.example']], 'admitted'],
    [
      [
        [':authority', 'api.example'],
        ['host', 'API.example'],
      ],
      'admitted',
    ],
    [
      [
        [':authority', 'api.example'],
        ['host', 'other.example'],
      ],
      'target-ambiguous',
    ],
    [[['Host', '']], 'target-ambiguous'],
    [[['Host', 'api.example, other.example']], 'target-ambiguous'],
    [[['Host', 'user@api.example']], 'target-ambiguous'],
    [[['Host', 'api.example/v1']], 'target-ambiguous'],
    [
      [
        ['Host', 'api.example'],
        ['Host', 'api.example'],
      ],
      'target-ambiguous',
    ],
    [
      [
        ['Host', 'api.example'],
        ['Accept', '*/*'],
        ['hOST', 'other.example'],
      ],
      'target-ambiguous',
    ],
  ]
  test.each(hosts)('of %j: %s', async (lines, expected) => {
    expect(await reason({}, { lines })).toBe(expected)
  })
})

const segment = fc
  .string({
    unit: fc.constantFrom(...("abzAZ09-_~!$&'()*+,=:@.é電 ".match(/./gu) ?? [])),
    minLength: 1,
    maxLength: 8,
  })
  .filter((text) => text !== '.' && text !== '..')
  .map((text) => text.replaceAll(/[é電 ]/g, encodeURIComponent))
const segments = fc.array(segment, { minLength: 1, maxLength: 5 })
const oddity = fc.constantFrom(
  '//',
  '/./',
  '/../',
  ';',
  ';a=b',
  '\\',
  '#',
  ' ',
  '\t',
  '\u0000',
  '\u007F',
  'é',
  '%',
  '%4/',
  '%zz',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '%2e',
  '%2E',
  '%00',
  '%0a',
  '%1F',
  '%7F',
  '%41',
  '%7a',
  '%30',
  '%252f',
  '%2541',
  '%C3',
  '%FF',
  '%c0%af',
)

describe('any path', () => {
  it('built from plain segments is admitted', async () => {
    await fc.assert(
      fc.asyncProperty(segments, fc.boolean(), async (parts, slash) => {
        expect(await reason({}, { target: `/${parts.join('/')}${slash ? '/' : ''}` })).toBe('admitted')
      }),
    )
  })

  it('with something ambiguous anywhere in it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(segments, oddity, fc.nat(), async (parts, odd, at) => {
        const path = `/${parts.join('/')}`
        // Not inside of an encoded octet, where the insert would be part of another sequence.
        const cut = (path.match(/%..|./gu) ?? []).slice(0, 1 + (at % path.length)).join('')
        const target = `${cut}${odd}${path.slice(cut.length)}`
        expect(await reason({}, { target })).toBe('target-ambiguous')
      }),
    )
  })
})
