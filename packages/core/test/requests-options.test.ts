import * as v from 'valibot'
import { describe, expect, it, test } from 'vitest'
import { createRequestCheck, requestsSchema, type RequestsOptions } from '../src/requests/index.js'

/** What is wrong, as `path: message`. */
function issues(options: unknown): string[] {
  const { issues: found } = v.safeParse(requestsSchema, options)
  return (found ?? []).map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`)
}

describe('the options of the requests room', () => {
  const right: RequestsOptions[] = [
    {},
    { methods: undefined, https: undefined },
    { methods: ['GET', 'HEAD', 'PURGE'], maxBodyBytes: 0, maxTargetLength: 1 },
    { mediaTypes: ['application/json', 'Application/*', '+json', '*/*', 'json', 'multipart', 'urlencoded'] },
    {
      paths: [
        '/',
        '/v1/calls/:id',
        '/*all',
        '*all',
        '/a{/:b}/c',
        '{/:lang}/a',
        '/caf%C3%A9',
        '/café',
        '\\*',
        '/a\\:b',
        '/a/',
      ],
    },
    { paths: ['/v1/:"odd name"/x', '/v1/file.:ext'] },
    { block: [{ path: '/a' }, { methods: ['GET'], detail: 'No.' }, { when: () => true }] },
    { block: [], upgrades: [], trustedProxies: [] },
    { upgrades: ['WebSocket', 'foo/1'], maxBodyBytes: Infinity },
    { https: true, trustedProxies: ['loopback', '10.0.0.0/8', '::1', '192.168.1.1'] },
  ]
  test.each(right)('%j are right, and make a check', (options) => {
    expect(issues(options)).toEqual([])
    expect(() => createRequestCheck(options)).not.toThrow()
  })

  const wrong: [unknown, RegExp][] = [
    [{ methods: ['get'] }, /^methods\.0: .*write 'GET'/],
    [{ methods: ['GET', 'A B'] }, /^methods\.1: must be a method/],
    [{ methods: [] }, /^methods: must name a method/],
    [{ methods: ['HEAD'] }, /^methods: must name 'GET' beside 'HEAD'/],
    [{ methods: 'GET' }, /^methods: must be a list/],
    [{ mediaTypes: ['application/json; charset=utf-8'] }, /^mediaTypes\.0: must have no parameters/],
    [{ mediaTypes: ['application/json', 'nonsense'] }, /^mediaTypes\.1: must be a media type/],
    [{ mediaTypes: ['a/b/c'] }, /^mediaTypes\.0: must be a media type/],
    [{ mediaTypes: [] }, /^mediaTypes: .*maxBodyBytes to 0/],
    [{ paths: ['/a', '/b', '/*'] }, /^paths\.2: .*'\/\*rest'/],
    [{ paths: ['/a/:id?'] }, /^paths\.0: .*'\{\/:id\}'/],
    [{ paths: ['/a(b)'] }, /^paths\.0: is no pattern/],
    [{ paths: ['/%C3'] }, /^paths\.0: is no pattern/],
    [{ paths: ['v1/a'] }, /^paths\.0: must begin with '\/'/],
    [{ paths: ['/v1//a'] }, /^paths\.0: never matches/],
    [{ paths: ['/v1/a;b'] }, /^paths\.0: never matches/],
    [{ paths: ['/v1/../a'] }, /^paths\.0: never matches/],
    [{ paths: ['/v1/%41'] }, /^paths\.0: never matches/],
    [{ paths: [] }, /^paths: must name a path/],
    [{ paths: [1] }, /^paths\.0: must be a pattern/],
    [{ block: [{ path: '/a' }, {}] }, /^block\.1: must have path, methods, accounts or when/],
    [{ block: [{ detail: 'No.' }] }, /^block\.0: must have path, methods, accounts or when/],
    [{ block: [{ path: '/*' }] }, /^block\.0\.path: is no pattern/],
    [{ block: [{ when: true }] }, /^block\.0\.when: must be a function/],
    [{ block: [{ methods: ['HEAD'] }] }, /^block\.0\.methods: must name 'GET'/],
    [{ block: [{ paths: ['/a'] }] }, /^block\.0/],
    [{ upgrades: ['web socket'] }, /^upgrades\.0: must be a protocol/],
    [{ maxBodyBytes: -1 }, /^maxBodyBytes: must be a whole number of bytes, 0 or more/],
    [{ maxBodyBytes: 1.5 }, /^maxBodyBytes: /],
    [{ maxBodyBytes: '1mb' }, /^maxBodyBytes: /],
    [{ maxTargetLength: 0 }, /^maxTargetLength: must be a whole number of octets, 1 or more/],
    [{ https: 'yes' }, /^https: must be true/],
    [{ trustedProxies: ['10.0.0.0/8', 'nowhere'] }, /^trustedProxies\.1: must be an IP address/],
    [{ trustedProxies: ['10.0.0.0/99'] }, /^trustedProxies\.0: must be an IP address/],
    [{ mediaType: ['application/json'] }, /^mediaType: /],
    [null, /^: must be an object/],
  ]
  test.each(wrong)('%j are wrong, and the issue says where and what to write', (options, expected) => {
    expect(issues(options)).toEqual([expect.stringMatching(expected)])
  })

  it('are all reported at once', () => {
    expect(issues({ methods: ['get', 'post'], paths: ['/*', 'a'], maxBodyBytes: -1, https: 1 })).toHaveLength(
      6,
    )
  })
})
