import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { cachingSchema, createCaching } from '../src/caching/index.js'
import { requestsSchema } from '../src/requests/index.js'
import { headWith, stampedAnswer } from './caching-answer.js'
import { reason } from './requests-ask.js'

/** Where a pattern can be given, and whether a path fits it there. */
const readers = {
  'requests.paths': async (pattern: string, path: string) =>
    (await reason({ paths: [pattern] }, { target: path })) === 'admitted',
  'requests.block': async (pattern: string, path: string) =>
    (await reason({ block: [{ path: pattern }] }, { target: path })) === 'request-blocked',
  'caching.rules': (pattern: string, path: string) => {
    const rules = [{ path: pattern, policy: 'no-store' }]
    const { fields } = stampedAnswer({ default: 'private, max-age=60', rules }, {}, { path })
    return Promise.resolve(fields['cache-control'] === 'no-store')
  },
}

const cases: [pattern: string, path: string, fits: boolean][] = [
  ['/v1/café', '/v1/caf%C3%A9', true],
  ['/v1/café', '/v1/caf%c3%a9', true],
  ['/v1/caf%C3%A9', '/v1/caf%C3%A9', true],
  ['/v1/café', '/v1/cafe', false],
  ['/v1/@me', '/v1/@me', true],
  ['/v1/@me', '/v1/%40me', true],
  ['/v1/%40me', '/v1/@me', true],
  ['/v1/%40me', '/v1/%40me', true],
  ['/v1/a\\+b', '/v1/a%2Bb', true],
  ['/v1/:user/@keys', '/v1/me%40b/%40keys', true],
  ['/v1/files/*rest', '/v1/files/a/caf%C3%A9', true],
  ['/v1/calls{/:id}', '/V1/Calls/', true],
  ['/v1/calls{/:id}', '/v1/calls/%40', true],
  ['/v1/calls{/:id}', '/v1/calls/7/8', false],
  ['/', '/', true],
  ['/', '/v1', false],
]

describe.each(Object.entries(readers))('a pattern of %s', (_name, fitsThere) => {
  test.each(cases)('%s and the path %s: %s', async (pattern, path, fits) => {
    expect(await fitsThere(pattern, path)).toBe(fits)
  })
})

/** What is said against a pattern at start-up, wherever it is given. */
function messagesFor(pattern: string): (string | undefined)[] {
  const first = (result: { issues?: readonly { message: string }[] | undefined }) =>
    result.issues?.[0]?.message
  return [
    first(v.safeParse(requestsSchema, { paths: [pattern] })),
    first(v.safeParse(requestsSchema, { block: [{ path: pattern }] })),
    first(v.safeParse(cachingSchema, { rules: [{ path: pattern, policy: 'no-store' }] })),
  ]
}

test.each([
  ['v1/calls', /^must begin with '\/'/],
  ['/v1/*', /^is no pattern .*'\/\*rest'/],
  ['/%C3', /^is no pattern/],
  ['/v1//calls', /^never matches/],
  ['/v1/../calls', /^never matches/],
  ['/v1/calls;all', /^never matches/],
  ['/v1/%41', /^never matches/],
])('the pattern %s is refused in the same words everywhere', (pattern, words) => {
  const messages = messagesFor(pattern)
  expect(messages[0]).toMatch(words)
  expect(messages).toEqual([messages[0], messages[0], messages[0]])
})

test('caching rules read the path of each answer anew', () => {
  const rules = [{ path: '/v1/@me', policy: 'no-store' }]
  const caching = createCaching({ default: 'private, max-age=60', rules })
  const said = (path: string) => {
    const head = headWith()
    caching.stamp(head, { method: 'GET', path, status: 200, account: 'acme', vary: 'Authorization' })
    return head.getHeader('Cache-Control')
  }
  expect(said('/v1/%40me')).toBe('no-store')
  expect(said('/v1/%40you')).toBe('private, max-age=60')
  expect(said('/v1/%40me')).toBe('no-store')
})
