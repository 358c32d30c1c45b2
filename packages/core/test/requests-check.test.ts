import { describe, expect, it, test } from 'vitest'
import { createRequestCheck } from '../src/requests/index.js'
import { ask, asked, reason, type Asked } from './requests-ask.js'

const forwarded = (value: string, remoteAddress = '10.1.2.3', secure = false): Asked => ({
  lines: [['X-Forwarded-Proto', value]],
  remoteAddress,
  secure,
})

const upgrade = (protocol: string): Asked => ({
  lines: [
    ['Connection', 'keep-alive, Upgrade'],
    ['Upgrade', protocol],
  ],
})

const body = (length: string, ...lines: (readonly [string, string])[]): Asked => ({
  method: 'POST',
  lines: [['Content-Length', length], ...lines],
})

const typed = (...types: string[]): Asked => ({
  method: 'POST',
  lines: [['Content-Length', '2'], ...types.map((type) => ['Content-Type', type] as const)],
})

describe('methods', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s is documented by default',
    async (method) => {
      expect(await reason({}, { method })).toBe('admitted')
    },
  )

  it('that HTTP registers and the API does not document are answered 405, with those that it does', () => {
    expect(ask({ methods: ['GET', 'POST'] }, { method: 'DELETE' })).toMatchObject({
      reason: 'method-not-allowed',
      headers: { Allow: 'GET, HEAD, POST' },
    })
    expect(ask({}, { method: 'TRACE' })).not.toHaveProperty('status')
    expect(ask({}, { method: 'QUERY' })).not.toHaveProperty('status')
  })

  test.each(['PURGE', 'M-SEARCH', 'SOURCE', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'get', 'Get'])(
    '%s is answered 501',
    (method) => {
      expect(ask({}, { method })).toMatchObject({ reason: 'method-not-allowed', status: 501 })
    },
  )

  it('of other protocols are admitted where the provider documents them', async () => {
    expect(await reason({ methods: ['PURGE'] }, { method: 'PURGE' })).toBe('admitted')
  })

  it('HEAD follows GET, there or not', async () => {
    expect(await reason({ methods: ['GET'] }, { method: 'HEAD' })).toBe('admitted')
    expect(await reason({ methods: ['POST'] }, { method: 'HEAD' })).toBe('method-not-allowed')
  })
})

describe('method overrides', () => {
  const overrides: Asked[] = [
    { lines: [['X-HTTP-Method-Override', 'DELETE']] },
    { lines: [['x-http-method', 'DELETE']] },
    { lines: [['X-Method-Override', '']] },
    { method: 'POST', lines: [['X-HTTP-Method-Override', 'POST']] },
    ...[
      '_method=DELETE',
      'a=b&_METHOD=put',
      '_method',
      '%5fmethod=PUT',
      '_%6dethod=PUT',
      '_metho%44=x',
      '_method[]=PUT',
    ].map((query) => ({ target: `/v1/calls?${query}` })),
    ...[
      '[_method]=PUT',
      '%5B_method%5D=PUT',
      'a;_method=PUT',
      '%_method&_method=1',
      '+_method=PUT',
      '?&_method=x',
    ].map((query) => ({ target: `/v1/calls?${query}` })),
  ]
  test.each(overrides)('%j is refused', async (request) => {
    expect(await reason({}, request)).toBe('method-overridden')
  })

  test.each([
    'a_method=x',
    '_methods=x',
    'a=_method',
    'q=%26_method%3Dx',
    'payment_method=card',
    '_me=1',
    'x=%',
  ])('a query of %s is none', async (query) => {
    expect(await reason({}, { target: `/v1/calls?${query}` })).toBe('admitted')
  })
})

describe('https', () => {
  const behind = { https: true, trustedProxies: ['loopback', '10.0.0.0/8'] }
  it('is asked for only where the provider says so', async () => {
    expect(await reason({}, {})).toBe('admitted')
    expect(await reason({ https: true }, {})).toBe('insecure-transport')
    expect(await reason({ https: true }, { secure: true })).toBe('admitted')
  })

  const cases: [string, Asked, string][] = [
    ['a trusted proxy says https', forwarded('https'), 'admitted'],
    ['it says so in capitals', forwarded('HTTPS'), 'admitted'],
    ['it speaks over IPv6', forwarded('https', '::1'), 'admitted'],
    ['its IPv4 address is mapped', forwarded('https', '::ffff:10.1.2.3'), 'admitted'],
    ['it says http', forwarded('http'), 'insecure-transport'],
    ['it says http over TLS of its own', forwarded('http', '10.1.2.3', true), 'insecure-transport'],
    ['it says nothing', { remoteAddress: '10.1.2.3' }, 'insecure-transport'],
    ['it says nothing, over TLS', { remoteAddress: '10.1.2.3', secure: true }, 'admitted'],
    ['the caller wrote https before it', forwarded('https, http'), 'insecure-transport'],
    ['the proxy nearest says https', forwarded('http,https'), 'admitted'],
    ['a stranger says https', forwarded('https', '203.0.113.9'), 'insecure-transport'],
    ['a stranger says http over TLS', forwarded('http', '203.0.113.9', true), 'admitted'],
    ['the peer is unknown', { lines: [['X-Forwarded-Proto', 'https']] }, 'insecure-transport'],
  ]
  test.each(cases)('where %s', async (_, request, expected) => {
    expect(await reason(behind, request)).toBe(expected)
  })

  it('is not believed of anybody where no proxy is trusted', async () => {
    expect(await reason({ https: true }, forwarded('https', '127.0.0.1'))).toBe('insecure-transport')
  })
})

describe('upgrades', () => {
  const cases: [string, string][] = [
    ['websocket', 'admitted'],
    ['WebSocket', 'admitted'],
    ['h2c', 'upgrade-not-documented'],
    ['websocket, h2c', 'upgrade-not-documented'],
    ['h2c,websocket', 'upgrade-not-documented'],
    ['websocket/13', 'upgrade-not-documented'],
    ['', 'upgrade-not-documented'],
  ]
  test.each(cases)('to %j by default: %s', async (protocol, expected) => {
    expect(await reason({}, upgrade(protocol))).toBe(expected)
  })

  it('are what the provider documents', async () => {
    expect(await reason({ upgrades: ['WebSocket', 'Foo/1'] }, upgrade('websocket , foo/1'))).toBe('admitted')
    expect(await reason({ upgrades: [] }, upgrade('websocket'))).toBe('upgrade-not-documented')
  })

  it('are none where Connection does not name them', async () => {
    expect(await reason({}, { lines: [['Upgrade', 'h2c']] })).toBe('admitted')
  })
})

describe('bodies', () => {
  it('are not bounded where nothing is said', async () => {
    expect(await reason({}, body('999999999999'))).toBe('admitted')
    expect(createRequestCheck({}).maxBodyBytes).toBe(Infinity)
  })

  it('are refused by their length where they are over the bound', async () => {
    expect(await reason({ maxBodyBytes: 10 }, body('10'))).toBe('admitted')
    expect(await reason({ maxBodyBytes: 10 }, body('11'))).toBe('body-too-large')
    expect(await reason({ maxBodyBytes: 10 }, body('5, 5'))).toBe('body-too-large')
    expect(await reason({ maxBodyBytes: 0 }, body('1'))).toBe('body-too-large')
    expect(await reason({ maxBodyBytes: 0 }, body('0'))).toBe('admitted')
  })

  it('are left to be counted where Transfer-Encoding makes the length meaningless', async () => {
    expect(await reason({ maxBodyBytes: 10 }, body('11', ['Transfer-Encoding', 'chunked']))).toBe('admitted')
    const check = createRequestCheck({ maxBodyBytes: 10 })
    expect(check).toMatchObject({ maxBodyBytes: 10, bodyTooLarge: { reason: 'body-too-large' } })
    expect(check.bodyTooLarge.detail).toContain('10 bytes')
  })
})

describe('media types', () => {
  const json = { mediaTypes: ['application/json'] }
  test.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json ; charset="utf-8"',
    'application/json;',
    '  application/json\t',
    'application/json; a="b, c"',
  ])('%j is application/json', async (type) => {
    expect(await reason(json, typed(type))).toBe('admitted')
  })

  test.each([
    '',
    'application',
    'application/json/x',
    'application/jsonx',
    'application/json\ta',
    'application/json, text/plain',
    'application/json; charset=utf-8, text/plain',
    'text/plain; application/json',
    'text/plain',
  ])('%j is not', async (type) => {
    expect(await reason(json, typed(type))).toBe('media-type-not-accepted')
  })

  it('are refused where they are missing, or given twice', async () => {
    expect(await reason(json, typed())).toBe('media-type-not-accepted')
    expect(await reason(json, typed('application/json', 'application/json'))).toBe('media-type-not-accepted')
    expect(await reason(json, typed('application/json', 'text/plain'))).toBe('media-type-not-accepted')
  })

  it('are not asked of requests without a body', async () => {
    expect(await reason(json, { method: 'POST' })).toBe('admitted')
    expect(await reason(json, { method: 'POST', lines: [['Content-Length', '0']] })).toBe('admitted')
    expect(await reason(json, { method: 'POST', lines: [['Transfer-Encoding', 'chunked']] })).toBe(
      'media-type-not-accepted',
    )
  })

  it('may be anything where the provider names none', async () => {
    expect(await reason({}, typed('text/plain', 'text/html'))).toBe('admitted')
  })

  it('may be ranges and suffixes', async () => {
    const mediaTypes = ['Image/*', '+json']
    expect(await reason({ mediaTypes }, typed('image/png'))).toBe('admitted')
    expect(await reason({ mediaTypes }, typed('application/vnd.x+json'))).toBe('admitted')
    expect(await reason({ mediaTypes }, typed('application/json'))).toBe('media-type-not-accepted')
  })

  it('are listed in the refusal, for PATCH in Accept-Patch too', () => {
    const options = { mediaTypes: ['application/json', 'image/*'] }
    const headers = { Accept: 'application/json, image/*' }
    expect(ask(options, typed('a/b'))).toMatchObject({ headers })
    expect(ask(options, typed('a/b'))).not.toHaveProperty('headers.Accept-Patch')
    expect(ask(options, { ...typed('a/b'), method: 'PATCH' })).toMatchObject({
      headers: { ...headers, 'Accept-Patch': 'application/json' },
    })
  })

  it('are judged alike the first time and the thousandth, whatever came between', () => {
    const { check } = createRequestCheck(json)
    const ofType = (type: string) => check(asked(typed(type)))
    for (let round = 0; round < 1000; round++) void ofType(`application/x${round}`)
    expect(ofType('application/json')).toBeUndefined()
    expect(ofType('application/json')).toBeUndefined()
    expect(ofType('application/x1')).toMatchObject({ reason: 'media-type-not-accepted' })
    expect(ofType(`application/json;a=${'b'.repeat(5000)}`)).toBeUndefined()
  })
})

describe('the order of the checks', () => {
  const options = {
    maxTargetLength: 20,
    https: true,
    methods: ['GET', 'POST'],
    paths: ['/v1/calls', '/v1/secret'],
    block: [{ path: '/v1/secret' }],
    maxBodyBytes: 1,
    mediaTypes: ['application/json'],
  }
  const steps: [string, Asked][] = [
    ['target-too-long', { target: `//${'a'.repeat(30)}` }],
    ['target-ambiguous', { target: '/v1//x?_method=1' }],
    ['insecure-transport', { target: '/v1/x?_method=1' }],
    ['method-overridden', { target: '/v1/x?_method=1', secure: true }],
    ['method-not-allowed', { target: '/v1/x', method: 'DELETE', secure: true }],
    ['path-not-documented', { target: '/v1/x', secure: true }],
    ['upgrade-not-documented', { target: '/v1/secret', secure: true }],
  ]
  test.each(steps)('%s comes before what follows it', async (expected, request) => {
    const lines = [
      ['Connection', 'upgrade'] as const,
      ['Upgrade', 'h2c'] as const,
      ['Content-Length', '2'] as const,
    ]
    expect(await reason(options, { ...request, lines })).toBe(expected)
  })

  it('asks for the rules, the length and the type at the end', async () => {
    const request: Asked = { method: 'POST', secure: true, lines: [['Content-Length', '2']] }
    expect(await reason(options, { ...request, target: '/v1/secret' })).toBe('request-blocked')
    expect(await reason(options, request)).toBe('body-too-large')
    expect(await reason({ ...options, maxBodyBytes: 2 }, request)).toBe('media-type-not-accepted')
  })

  it('says nothing of what the caller sent', () => {
    const mark = 'zzsecretzz'
    const lines = [['Content-Type', mark] as const, ['Content-Length', '1'] as const]
    const refusals = [
      ask(options, { target: `//${mark}`, lines }),
      ask({}, { method: mark }),
      ask({ paths: ['/v1'] }, { target: `/${mark}` }),
      ask({ mediaTypes: ['a/b'] }, { method: 'POST', lines }),
    ]
    for (const refusal of refusals) {
      expect(refusal).toBeDefined()
      expect(JSON.stringify(refusal)).not.toContain(mark)
    }
  })
})
