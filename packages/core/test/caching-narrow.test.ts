import { describe, expect, test } from 'vitest'
import { type Fields, NOW, stampedAnswer, under } from './caching-answer.js'

const SHARED = 'public, max-age=60, s-maxage=600'

// id, rests on, ceiling, handler's Cache-Control, what the caller sees
const WORDS: [string, string, string, string | readonly string[] | undefined, string][] = [
  ['N01', 'design', 'no-store', undefined, 'no-store'],
  ['N02', 'design', 'no-store', 'public, max-age=60', 'no-store'],
  ['N03', 'design', 'private, max-age=60', undefined, 'private, max-age=60'],
  ['N04', 'design', 'private, max-age=60', 'max-age=10', 'private, max-age=10'],
  ['N05', 'design', 'private, max-age=60', 'max-age=600', 'private, max-age=60'],
  ['N06', 'design', 'private, max-age=60', 'public', 'private, max-age=60'],
  ['N07', 'design', 'public, max-age=60', 'private', 'private, max-age=60'],
  ['N08', 'design', 'private, max-age=60', 'no-store', 'no-store'],
  ['N09', 'RFC 9111 §5.2.2.4', 'private, max-age=60', 'no-cache', 'private, max-age=60, no-cache'],
  [
    'N10',
    'RFC 9111 §5.2.2.4',
    'private, max-age=60',
    'no-cache="set-cookie"',
    'private, max-age=60, no-cache',
  ],
  ['N11', 'RFC 9111 §5.2.2.7', 'public, max-age=60', 'private="set-cookie, x"', 'private, max-age=60'],
  ['N12', '5(c)', 'max-age=60', undefined, 'private, max-age=60'],
  ['N13', 'RFC 9111 §3.5', 'max-age=60, must-revalidate', undefined, 'private, max-age=60, must-revalidate'],
  ['N14', 'RFC 9111 §3.5', 'private, max-age=60', 'must-revalidate', 'private, max-age=60, must-revalidate'],
  ['N15', 'RFC 9111 §4.2.2', 'private', undefined, 'private, max-age=0'],
  ['N16', 'RFC 9111 §4.2.2', 'public', 'max-age=60', 'public, max-age=0'],
  ['N17', 'RFC 9111 §4.2.2', 'no-cache', undefined, 'private, no-cache'],
  ['N18', 'RFC 9111 §5.2.2.4', 'no-cache', 'max-age=60', 'private, no-cache'],
  [
    'N19',
    'RFC 9111 §1.2.2',
    'public, no-cache',
    's-maxage=9999999999',
    'public, s-maxage=2147483648, no-cache',
  ],
  ['N20', 'RFC 9111 §5.2.2.10', SHARED, undefined, SHARED],
  ['N21', 'RFC 9111 §5.2.2.10', SHARED, 'max-age=10', 'public, max-age=10, s-maxage=10'],
  ['N22', 'RFC 9111 §5.2.2.10', SHARED, 's-maxage=10', 'public, max-age=60, s-maxage=10'],
  ['N23', 'RFC 9111 §5.2.2.10', SHARED, 'max-age=10, s-maxage=20', 'public, max-age=10, s-maxage=20'],
  ['N24', 'RFC 9111 §5.2.2.10', SHARED, 'private, max-age=10, s-maxage=20', 'private, max-age=10'],
  ['N25', 'RFC 9111 §5.2.2.10', 'public, max-age=60', 's-maxage=600', 'public, max-age=60, s-maxage=60'],
  ['N26', 'RFC 9111 §3.5', 'private, max-age=60', 's-maxage=10', 'private, max-age=60'],
  ['N30', 'RFC 5861', 'private, max-age=60', 'stale-if-error=60', 'private, max-age=60'],
  ['N31', 'RFC 5861', 'max-age=60, stale-if-error=9', 'max-age=60', 'private, max-age=60'],
  [
    'N32',
    'RFC 5861',
    'max-age=60, stale-if-error=9',
    'stale-if-error=20',
    'private, max-age=60, stale-if-error=9',
  ],
  [
    'N33',
    'RFC 5861',
    'max-age=6, stale-while-revalidate=9',
    undefined,
    'private, max-age=6, stale-while-revalidate=9',
  ],
  [
    'N34',
    'RFC 9111 §4.2.4',
    'max-age=6, stale-if-error=9',
    'must-revalidate, stale-if-error=9',
    'private, max-age=6, must-revalidate',
  ],
  [
    'N35',
    'RFC 9111 §4.2.4',
    'public, max-age=6, stale-if-error=9',
    's-maxage=3, stale-if-error=9',
    'public, max-age=6, s-maxage=3',
  ],
  ['N36', 'RFC 8246', 'private, max-age=60', 'immutable', 'private, max-age=60'],
  ['N37', 'RFC 8246', 'max-age=60, immutable', 'immutable', 'private, max-age=60, immutable'],
  ['N38', 'RFC 8246', 'max-age=60, immutable', 'max-age=60', 'private, max-age=60'],
  [
    'N40',
    'standards 2.7',
    'private, max-age=60',
    'max-age=30, max-age=20, max-age=40',
    'private, max-age=20',
  ],
  ['N41', 'standards 2.7', 'public, max-age=60', 'public, private', 'private, max-age=60'],
  [
    'N42',
    'standards 2.7',
    'private, max-age=60',
    ['max-age=30', 'No-Transform'],
    'private, max-age=30, no-transform',
  ],
  ['N43', 'RFC 9111 §4.2.1', 'private, max-age=60', 'max-age=abc', 'private, max-age=0'],
  ['N44', 'RFC 9111 §4.2.1', 'private, max-age=60', 'max-age=-5', 'private, max-age=0'],
  ['N45', 'RFC 9111 §4.2.1', 'private, max-age=60', 'max-age', 'private, max-age=0'],
  ['N46', 'RFC 9111 §4.2.1', 'private, max-age=60', 'max-age=1.5', 'private, max-age=0'],
  [
    'N47',
    'RFC 9111 §1.2.2',
    'max-age=2147483648',
    'max-age=99999999999999999999',
    'private, max-age=2147483648',
  ],
  ['N48', 'standards 2.6', 'private, max-age=60', 'MAX-AGE="10"', 'private, max-age=10'],
  ['N49', 'standards 2.6', 'private, max-age=60', 'max-age = 10 ,, ', 'private, max-age=10'],
  ['N50', 'standards 2.7', 'private, max-age=60', 'max-age=10; no-store', 'no-store'],
  ['N51', 'standards 2.7', 'private, max-age=60', 'private="x, no-store', 'no-store'],
  ['N52', 'standards 2.7', 'private, max-age=60', '', 'private, max-age=60'],
  [
    'N60',
    'standards 2.6',
    'private, max-age=60',
    'Foo=1, bar="b c", foo=2',
    'private, max-age=60, foo=1, bar="b c"',
  ],
  ['N61', 'RFC 9111 §5.2.3', 'private, max-age=60', 'private, community="UCI"', 'private, max-age=60'],
  ['N62', 'RFC 9111 §5.2.3', 'private, max-age=60', 'cdn-max-age=600, max-stale=9', 'private, max-age=60'],
  ['N63', 'RFC 9111 §5.2.3', 'private, max-age=60', 'x="a, max-age=600", y=ä', 'private, max-age=60'],
  ['N64', 'RFC 9111 §5.2.2.3', 'private, max-age=60', 'must-understand, no-store', 'no-store'],
  [
    'N65',
    'RFC 9111 §5.2.2.3',
    'private, max-age=60',
    'must-understand',
    'private, max-age=60, must-understand',
  ],
  ['N66', 'RFC 9111 §5.2.2.6', 'no-store, no-transform', 'max-age=1', 'no-store, no-transform'],
  ['N67', 'RFC 9111 §5.2.2.6', 'no-store', 'no-transform', 'no-store, no-transform'],
  [
    'N68',
    'RFC 9111 §5.2.3',
    'private, max-age=60',
    'constructor, __proto__=1',
    'private, max-age=60, constructor, __proto__=1',
  ],
  [
    'N69',
    'RFC 9111 §5.2.2.8',
    'public, max-age=60',
    'proxy-revalidate',
    'public, max-age=60, proxy-revalidate',
  ],
]

describe("the handler's Cache-Control may shorten or narrow what the ceiling permits", () => {
  test.each(WORDS)('%s (%s): under "%s", "%s" becomes "%s"', (_id, _source, ceiling, own, seen) => {
    expect(under(ceiling, own)).toBe(seen)
  })

  test('admission.cache() narrows as a field does, and both together', () => {
    expect(under('private, max-age=60', undefined, { own: { maxAge: 10 } })).toBe('private, max-age=10')
    expect(under('private, max-age=60', undefined, { own: 'public, max-age=600' })).toBe(
      'private, max-age=60',
    )
    expect(under('public, max-age=60', 'no-cache', { own: 'max-age=10' })).toBe(
      'public, max-age=10, no-cache',
    )
    expect(under('public, max-age=60', 'max-age=5', { own: 'private, max-age=10' })).toBe(
      'private, max-age=5',
    )
    expect(under('no-store', undefined, { own: 'public, max-age=10' })).toBe('no-store')
  })

  test('one word of one handler does not stick to the answer of another', () => {
    const ceiling = 'public, max-age=60'
    expect(under(ceiling, 'max-age=10')).toBe('public, max-age=10')
    expect(under(ceiling, 'max-age=20')).toBe('public, max-age=20')
    expect(under(ceiling)).toBe('public, max-age=60')
  })
})

const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString()

const EXPIRES: [string, string, Fields, string][] = [
  ['E01', 'an earlier one shortens', { Expires: at(20) }, 'private, max-age=20'],
  ['E02', 'a later one changes nothing', { Expires: at(600) }, 'private, max-age=60'],
  ['E03', 'a past one is 0', { Expires: at(-1) }, 'private, max-age=0'],
  ['E04', 'no date is 0', { Expires: '0' }, 'private, max-age=0'],
  ['E05', 'a number is 0', { Expires: 0 }, 'private, max-age=0'],
  ['E06', 'an obsolete form is 0', { Expires: 'Thu Jan  1 00:01:00 2026' }, 'private, max-age=0'],
  ['E07', "it counts from the handler's Date", { Expires: at(20), Date: at(10) }, 'private, max-age=10'],
  ['E08', 'of two the earlier counts', { Expires: [at(40), at(20)] }, 'private, max-age=20'],
  [
    'E09',
    'max-age goes before it',
    { Expires: at(20), 'Cache-Control': 'max-age=30' },
    'private, max-age=30',
  ],
  [
    'E10',
    'it stands in for a missing max-age',
    { Expires: at(20), 'Cache-Control': 'no-cache' },
    'private, max-age=20, no-cache',
  ],
]

describe('Expires is taken as a word and removed, since it could only contradict', () => {
  test.each(EXPIRES)('%s: %s', (_id, _sentence, fields, seen) => {
    const answer = stampedAnswer({ default: 'private, max-age=60' }, fields)
    expect(answer.fields['cache-control']).toBe(seen)
    expect(answer.fields).not.toHaveProperty('expires')
  })

  test('E11: it gives nothing where nothing is permitted', () => {
    const answer = stampedAnswer({}, { Expires: at(600) })
    expect(answer.fields).toMatchObject({ 'cache-control': 'no-store' })
    expect(answer.fields).not.toHaveProperty('expires')
  })
})

const CDN = 'cdn-cache-control'

// ceiling, the handler's fields, what the targeted field becomes
const TARGETED: [string, string, Fields, string | undefined][] = [
  ['T01', SHARED, { [CDN]: 'max-age=9999' }, 'public, max-age=600'],
  ['T02', SHARED, { [CDN]: 'max-age=30' }, 'public, max-age=30'],
  ['T03', SHARED, { [CDN]: 'no-store' }, 'no-store'],
  ['T04', SHARED, { [CDN]: 'private, max-age=9' }, 'private, max-age=9'],
  ['T05', SHARED, { [CDN]: 'max-age=9.5' }, 'public, max-age=0'],
  ['T06', SHARED, { [CDN]: 'Max-Age=9999, ,' }, undefined],
  ['T07', SHARED, { [CDN]: ['max-age=30', 'must-revalidate'] }, 'public, max-age=30, must-revalidate'],
  [
    'T08',
    SHARED,
    { [CDN]: 'must-revalidate', 'Cache-Control': 'max-age=5, foo=1a' },
    'public, max-age=5, must-revalidate',
  ],
  ['T09', SHARED, { [CDN]: 'max-age=30', 'Cache-Control': 'max-age=5' }, 'public, max-age=30'],
  ['T10', SHARED, { [CDN]: 'max-age=30', 'Cache-Control': 'private' }, undefined],
  ['T11', SHARED, { [CDN]: 'max-age=30', 'Cache-Control': 'no-store' }, undefined],
  ['T12', 'private, max-age=60', { [CDN]: 'max-age=30' }, undefined],
  ['T13', 'no-store', { [CDN]: 'max-age=30' }, undefined],
  ['T14', SHARED, { [CDN]: 'max-age=30, stale-if-error=9' }, 'public, max-age=30'],
  ['T15', SHARED, { [CDN]: 'max-age=30, foo=bar;q=1, max-ttl=9, x=(1 2)' }, 'public, max-age=30, foo=bar'],
]

describe('targeted fields are held to the same ceiling (RFC 9213)', () => {
  test.each(TARGETED)('%s: under "%s", %o leaves %s', (_id, ceiling, fields, seen) => {
    expect(stampedAnswer({ default: ceiling }, fields).fields[CDN]).toBe(seen)
  })

  test.each([
    'Cloudflare-CDN-Cache-Control',
    'Vercel-CDN-Cache-Control',
    'x-cache-control',
    'Surrogate-Control',
  ])('%s is one of them', (name) => {
    const key = name.toLowerCase()
    expect(stampedAnswer({ default: SHARED }, { [name]: 'max-age=9999' }).fields[key]).toBe(
      'public, max-age=600',
    )
    expect(stampedAnswer({}, { [name]: 'max-age=9999' }).fields).not.toHaveProperty(key)
  })

  test('Surrogate-Control, which is no dictionary, keeps the shorter word', () => {
    const fields = { 'Surrogate-Control': 'max-age=9+9, content="ESI/1.0"' }
    expect(stampedAnswer({ default: SHARED }, fields).fields['surrogate-control']).toBe(
      'public, max-age=0, content="ESI/1.0"',
    )
  })

  test('admission.cache() binds a targeted field too', () => {
    const answer = stampedAnswer({ default: SHARED }, { [CDN]: 'max-age=300' }, { own: 'public, max-age=7' })
    expect(answer.fields[CDN]).toBe('public, max-age=7')
  })

  // ceiling, what the handler says, what is left; the time of day is NOW
  test.each<[string, string, string, string, string | undefined]>([
    ['A01', SHARED, 'X-Accel-Expires', '9999', '600'],
    ['A02', SHARED, 'X-Accel-Expires', '30', '30'],
    ['A03', SHARED, 'X-Accel-Expires', '0', '0'],
    ['A04', SHARED, 'X-Accel-Expires', `@${NOW / 1000 + 30}`, '30'],
    ['A05', SHARED, 'X-Accel-Expires', `@${NOW / 1000 + 9999}`, '600'],
    ['A06', SHARED, 'X-Accel-Expires', `@${NOW / 1000 - 30}`, '0'],
    ['A07', SHARED, 'X-Accel-Expires', 'off', '0'],
    ['A08', SHARED, 'X-Accel-Expires', '-1', '0'],
    ['A09', 'public, no-cache', 'X-Accel-Expires', '30', '0'],
    ['A10', 'public, max-age=60, no-cache', 'X-Accel-Expires', '30', '0'],
    ['A11', 'private, max-age=60', 'X-Accel-Expires', '30', undefined],
    ['A12', 'no-store', 'X-Accel-Expires', '30', undefined],
    ['A13', SHARED, 'Edge-Control', 'max-age=9999', 'public, max-age=600'],
    ['A14', SHARED, 'Edge-Control', 'max-age=30', 'public, max-age=30'],
    ['A15', SHARED, 'Edge-Control', 'cache-maxage=30', 'public, max-age=30'],
    ['A16', SHARED, 'Edge-Control', 'cache-maxage=7d', 'public, max-age=0'],
    ['A17', SHARED, 'Edge-Control', 'bypass-cache', 'no-store'],
    ['A18', SHARED, 'Edge-Control', '!no-store, !bypass-cache, downstream-ttl=9', 'public, max-age=600'],
    ['A19', 'private, max-age=60', 'Edge-Control', '!no-store, max-age=30', undefined],
  ])('%s: under "%s", %s: %s leaves %s', (_id, ceiling, name, value, seen) => {
    const { fields } = stampedAnswer({ default: ceiling }, { [name]: value })
    expect(fields[name.toLowerCase()]).toBe(seen)
  })

  test('several lines of X-Accel-Expires are none that nginx could mean', () => {
    const { fields } = stampedAnswer({ default: SHARED }, { 'X-Accel-Expires': ['30', '60'] })
    expect(fields['x-accel-expires']).toBe('0')
  })
})
