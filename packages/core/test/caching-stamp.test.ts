import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { compilePolicy, createCaching } from '../src/caching/index.js'
import { type Asked, headWith, stampedAnswer } from './caching-answer.js'

const options = {
  default: 'private, max-age=5',
  rules: [
    { path: '/v1/calls{/*rest}', policy: 'no-store' },
    { path: '/v1/countries', policy: 'public, max-age=3600' },
    { path: '/v1/recordings/:id', accounts: ['globex'], policy: 'private, max-age=1' },
    { path: '/v1/recordings/:id', policy: 'private, max-age=86400' },
    { path: '/v1/search', policy: 'private, max-age=7' },
    { path: '/v1/search', methods: ['POST', 'QUERY'], policy: 'private, max-age=30' },
  ],
}

const PLACES: [string, string, Asked, string][] = [
  ['P01', 'what no rule matches has the default', { path: '/v1/extensions' }, 'private, max-age=5'],
  ['P02', 'a rule goes before the default', { path: '/v1/countries' }, 'public, max-age=3600'],
  [
    'P03',
    'the first rule that matches decides',
    { path: '/v1/recordings/7', account: 'globex' },
    'private, max-age=1',
  ],
  ['P04', 'a rule for other accounts is passed over', { path: '/v1/recordings/7' }, 'private, max-age=86400'],
  ['P05', 'a pattern stands for the whole path', { path: '/v1/recordings/7/x' }, 'private, max-age=5'],
  ['P06', 'a wildcard reaches further', { path: '/v1/calls/7/legs' }, 'no-store'],
  ['P07', 'case does not count, as in Express', { path: '/V1/Countries/' }, 'public, max-age=3600'],
  ['P08', 'HEAD follows GET', { path: '/v1/countries', method: 'HEAD' }, 'public, max-age=3600'],
  ['P09', 'HEAD follows GET by default too', { method: 'HEAD' }, 'private, max-age=5'],
  ['P10', 'POST is not kept', { method: 'POST' }, 'no-store'],
  [
    'P11',
    'POST is not kept under a rule that does not name it',
    { path: '/v1/countries', method: 'POST' },
    'no-store',
  ],
  [
    'P12',
    'POST is kept under a rule that names it',
    { path: '/v1/search', method: 'POST' },
    'private, max-age=30',
  ],
  ['P13', 'so is a method nobody knows', { path: '/v1/search', method: 'QUERY' }, 'private, max-age=30'],
  ['P14', 'OPTIONS is not kept', { path: '/v1/countries', method: 'OPTIONS' }, 'no-store'],
  ['P15', 'TRACE is not kept', { path: '/v1/countries', method: 'TRACE' }, 'no-store'],
  ['P16', 'methods are case-sensitive', { path: '/v1/countries', method: 'get' }, 'no-store'],
  ['P17', '304 is stamped as 200 would be', { path: '/v1/countries', status: 304 }, 'public, max-age=3600'],
  ['P18', 'a redirect is stamped', { path: '/v1/countries', status: 308 }, 'public, max-age=3600'],
  ['P19', '404 is not kept', { path: '/v1/countries', status: 404 }, 'no-store'],
  ['P20', '410 is not kept', { path: '/v1/countries', status: 410 }, 'no-store'],
  ['P21', '500 is not kept', { path: '/v1/countries', status: 500 }, 'no-store'],
  [
    'P22',
    'an error is not kept, whatever admission.cache() says',
    { path: '/v1/countries', status: 404, own: 'public, max-age=9' },
    'no-store',
  ],
  [
    'P23',
    'an error is not kept under a rule that names the method',
    { path: '/v1/search', method: 'POST', status: 400 },
    'no-store',
  ],
]

describe('the ceiling is that of the first rule that matches', () => {
  test.each(PLACES)('%s: %s', (_id, _sentence, asked, seen) => {
    expect(stampedAnswer(options, {}, asked).fields['cache-control']).toBe(seen)
  })

  test('where nothing is said: no-store', () => {
    expect(stampedAnswer({}).fields['cache-control']).toBe('no-store')
    expect(stampedAnswer({}, { 'Cache-Control': 'public, max-age=60' }).fields['cache-control']).toBe(
      'no-store',
    )
  })

  test('lesson 22: an error keeps nothing of what the handler set before its status was known, but the validator', () => {
    const set = {
      'Cache-Control': 'public, max-age=60',
      Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
      'CDN-Cache-Control': 'max-age=9',
      ETag: '"a"',
    }
    const { fields } = stampedAnswer(options, set, { path: '/v1/countries', status: 500 })
    expect({ ...fields }).toEqual({ 'cache-control': 'no-store', etag: '"a"', vary: 'Authorization' })
  })

  test('lesson 23: must-revalidate alone never lets a shared cache have the answer', () => {
    const { shared, fields } = stampedAnswer({ default: 'max-age=60, must-revalidate' })
    expect(fields['cache-control']).toBe('private, max-age=60, must-revalidate')
    expect(shared).toBe(false)
  })

  test("an error's own words are not mixed in", () => {
    const { fields } = stampedAnswer(options, { 'Cache-Control': 'no-transform, foo' }, { status: 404 })
    expect(fields['cache-control']).toBe('no-store')
  })

  test('what a handler says again and again is worked out once', () => {
    const caching = createCaching(options)
    expect(caching.compile('max-age=1')).toBe(caching.compile('max-age=1'))
    expect(caching.compile({ maxAge: 1 }).text).toBe('max-age=1')
    expect(() => caching.compile('maxage=1')).toThrow(/did you mean max-age\?/)
  })

  test('lesson 27: a head whose fields an error handler removed is stamped all the same', () => {
    const head = headWith({ 'Cache-Control': 'public, max-age=60' })
    for (const name of head.getHeaderNames()) head.removeHeader(name)
    createCaching(options).stamp(head, {
      method: 'GET',
      path: '/',
      status: 500,
      account: 'a',
      vary: 'X-API-Key',
    })
    expect({ ...head.getHeaders() }).toEqual({ 'cache-control': 'no-store', vary: 'X-API-Key' })
  })

  test('1xx are left as they are', () => {
    const answer = stampedAnswer(
      options,
      { 'Cache-Control': 'max-age=99' },
      { path: '/v1/countries', status: 103 },
    )
    expect({ ...answer.fields }).toEqual({ 'cache-control': 'max-age=99' })
    expect(answer.shared).toBe(false)
  })

  test('whether a shared cache may store the answer is told', () => {
    expect(stampedAnswer(options, {}, { path: '/v1/countries' }).shared).toBe(true)
    expect(stampedAnswer(options, { 'Cache-Control': 'private' }, { path: '/v1/countries' }).shared).toBe(
      false,
    )
    expect(stampedAnswer(options, { 'Cache-Control': 'no-store' }, { path: '/v1/countries' }).shared).toBe(
      false,
    )
    expect(stampedAnswer(options, {}, { path: '/v1/countries', status: 404 }).shared).toBe(false)
    expect(stampedAnswer(options, {}, { path: '/v1/extensions' }).shared).toBe(false)
  })

  test('Age is removed, and Pragma of the app is left alone', () => {
    const { fields } = stampedAnswer(options, { Age: '60', Pragma: 'no-cache' })
    expect(fields).not.toHaveProperty('age')
    expect(fields.pragma).toBe('no-cache')
  })
})

const VARY: [string, string | readonly string[] | undefined, string][] = [
  ['V01', undefined, 'X-API-Key'],
  ['V02', 'Origin', 'Origin, X-API-Key'],
  ['V03', 'Origin, accept-encoding', 'Origin, accept-encoding, X-API-Key'],
  ['V04', 'x-api-key', 'x-api-key'],
  ['V05', 'Origin, x-api-KEY, origin', 'Origin, x-api-KEY'],
  ['V06', '*', '*'],
  ['V07', 'Origin, *', '*'],
  ['V08', ['Origin', 'Accept'], 'Origin, Accept, X-API-Key'],
  ['V09', '', 'X-API-Key'],
  ['V10', ' ,Origin,, ', 'Origin, X-API-Key'],
]

describe('Vary names the field of the credential, beside what the app named', () => {
  test.each(VARY)('%s: %o becomes "%s"', (_id, set, seen) => {
    const fields = set === undefined ? {} : { Vary: set }
    for (const status of [200, 304, 500]) {
      expect(stampedAnswer(options, fields, { vary: 'X-API-Key', status }).fields.vary).toBe(seen)
    }
  })
})

test('over a real connection there is one line of each field', async () => {
  const caching = createCaching({ default: 'public, max-age=60' })
  const own = compilePolicy({ maxAge: 30, mustRevalidate: true })
  const server = createServer((request, response) => {
    response.setHeader('cache-CONTROL', ['max-age=50', 'No-Cache'])
    response.setHeader('vary', ['Origin', 'Accept'])
    caching.stamp(response, {
      method: request.method!,
      path: '/',
      status: 200,
      account: 'a',
      vary: 'Authorization',
      own,
    })
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30, must-revalidate, no-cache')
    expect(answer.headers.get('vary')).toBe('Origin, Accept, Authorization')
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
