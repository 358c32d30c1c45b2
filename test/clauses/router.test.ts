import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createUsage } from '@api-terms/core'
import { TestClock } from '../clock.js'
import { RawCaller } from '../callers/raw.js'
import { accepting, apiOf, BY, DAY, FRAMEWORKS, TERMS_URL, told, type Before } from './setting.js'

const VERSIONS = [
  { version: '2026-01', effectiveAt: new Date('2026-01-01') },
  { version: '2026-07', effectiveAt: new Date('2026-07-01'), url: `${TERMS_URL}/2026-07` },
]
const OPTIONS = { options: { terms: { url: TERMS_URL, versions: VERSIONS, graceMs: 30 * DAY } } }
const post = (body: string, type = 'application/json') => ({
  method: 'POST',
  headers: { 'Content-Type': type },
  body,
})

describe.each(FRAMEWORKS)('%s', (framework) => {
  test('8(a): a client reads the Terms in force, and those to come, before it has accepted any', async () => {
    const { ask, client } = await apiOf({ framework, ...OPTIONS })
    const key = await client('crm')
    const answer = await ask(key, '/terms')
    expect([answer.status, answer.headers.get('cache-control'), answer.headers.get('link')]).toEqual([
      200,
      'no-store',
      `<${TERMS_URL}>; rel="terms-of-service"`,
    ])
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({
      version: '2026-01',
      url: TERMS_URL,
      effectiveAt: '2026-01-01T00:00:00.000Z',
      upcoming: [
        { version: '2026-07', url: `${TERMS_URL}/2026-07`, effectiveAt: '2026-07-01T00:00:00.000Z' },
      ],
      acceptance: { version: '2026-01', url: TERMS_URL, by: '2026-01-01T00:00:00.000Z' },
    })
  })

  test('8(a): no cache keeps an answer, whatever the app has set for its own before', async () => {
    const fields = {
      'CDN-Cache-Control': 'public, max-age=600',
      'Surrogate-Control': 'max-age=600',
      'X-Accel-Expires': '600',
      ETag: '"of-another"',
      'X-Request-Id': '5',
    }
    const before: Before = {
      express: () => (_req, res, next) => {
        res.set(fields)
        next()
      },
      koa(ctx, next) {
        ctx.set(fields)
        return next()
      },
    }
    const { ask, client } = await apiOf({ framework, before, ...OPTIONS })
    const { status, headers } = await ask(await client('crm'), '/terms/account')
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    const left = Object.keys(fields).filter((name) => headers.has(name))
    expect(left).toEqual(framework === 'node:http' ? [] : ['X-Request-Id'])
  })

  test('2(d): a client reads how it stands: status, acceptances, grants, limits, keys and what it has open', async () => {
    const { ask, client, registry, stream } = await apiOf({ framework, ...OPTIONS })
    const key = await client('crm')
    const other = await client('wallboard')
    for (const each of [key, other]) await ask(each, '/terms/acceptances', accepting('2026-01'))
    const until = new Date('2026-02-01')
    await registry.grant({
      account: 'acme',
      id: 'peak',
      limits: { read: 20 },
      consentedBy: 'Sam of sales',
      until,
      ...BY,
    })
    await stream(key)
    await stream(other)
    const answer = await ask(key, '/terms/account')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({
      api: 'telephony',
      refused: null,
      account: { id: 'acme', status: 'active' },
      client: { id: 'crm', status: 'active' },
      acceptances: [{ version: '2026-01', by: 'Ada Acme', entity: 'Acme Ltd' }],
      acceptance: null,
      grants: [{ id: 'peak', limits: { read: 20 }, until: '2026-02-01T00:00:00.000Z' }],
      limits: { read: 20, write: 1 },
      keys: [{ hint: expect.stringMatching(/^key_…/), used: true }],
      connections: [{ class: 'read', target: '/v1/events' }],
      inUse: { read: 2 },
    })
    const digest = registry.client('crm')!.credentials[0]!.digest
    for (const secret of [key, other, digest, 'Sam of sales']) expect(text).not.toContain(secret)
  })

  test('4(a)3: a client reads what it used, by day, of its own account', async () => {
    const asked: unknown[] = []
    const usage = { of: async (query: unknown) => [asked.push(query)] }
    const { ask, client } = await apiOf({ framework, router: { usage } })
    const key = await client('crm')
    expect(await (await ask(key, '/terms/usage?from=2026-01-01')).json()).toEqual({ usage: [1] })
    expect(asked).toEqual([{ api: 'telephony', account: 'acme', from: '2026-01-01' }])
    expect((await ask(key, '/terms/usage?from=yesterday')).status).toBe(400)
  })

  test('3(a), 6(a): who is suspended reads, and accepts nothing; who is terminated does neither', async () => {
    const { ask, client, registry } = await apiOf({ framework, ...OPTIONS })
    const key = await client('crm')
    await registry.suspend({ account: 'acme', ...BY })
    expect(await (await ask(key, '/terms/account')).json()).toMatchObject({
      refused: 'account-suspended',
      account: { status: 'suspended' },
    })
    expect(await told(ask(key, '/terms/acceptances', accepting('2026-01')))).toBe('account-suspended')
    await registry.terminate({ account: 'acme', ...BY })
    const ended = await ask(key, '/terms')
    expect([ended.status, ended.headers.get('clear-site-data')]).toEqual([403, '"cache"'])
    expect(registry.client('crm')?.acceptances ?? []).toEqual([])
  })

  test('2(c): it takes a credential in a header field, and documented requests, or refuses as the gate does', async () => {
    const { ask, client, gate } = await apiOf({ framework, ...OPTIONS })
    const key = await client('crm')
    const answers = {
      none: await told(ask(null, '/terms')),
      inUrl: await told(ask(key, `/terms?api_key=x`)),
      unknown: await told(ask(key, '/terms/other')),
      noUsage: await told(ask(key, '/terms/usage')),
      method: await told(ask(key, '/terms', { method: 'DELETE' })),
      form: await told(
        ask(key, '/terms/acceptances', post('version=2026-01', 'application/x-www-form-urlencoded')),
      ),
      long: await told(ask(key, '/terms/acceptances', post(`"${'x'.repeat(5000)}"`))),
      broken: await told(ask(key, '/terms/acceptances', post('{"version":'))),
      list: await told(ask(key, '/terms/acceptances', post('[]'))),
      more: await told(ask(key, '/terms/acceptances', accepting('2026-01', { at: '2020-01-01' }))),
      version: await told(ask(key, '/terms/acceptances', accepting('2025-01'))),
    }
    expect(answers).toEqual({
      none: 'credentials-missing',
      inUrl: 'credentials-in-url',
      unknown: 'path-not-documented',
      noUsage: 'path-not-documented',
      method: 'method-not-allowed',
      form: 'media-type-not-accepted',
      long: 'body-too-large',
      broken: 400,
      list: 400,
      more: 400,
      version: 409,
    })
    const [method, form] = [
      await ask(key, '/terms/acceptances'),
      await ask(key, '/terms/acceptances', post('x', 'text/plain')),
    ]
    expect([method.status, method.headers.get('allow'), form.status, form.headers.get('accept')]).toEqual([
      405,
      'POST',
      415,
      'application/json',
    ])
    const head = await ask(key, '/terms', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(await gate.connections()).toEqual([])
  })
})

test('4(a)3: what it reads is what usage counted of the gate', async () => {
  const usage = createUsage()
  const { ask, client, gate } = await apiOf({ router: { usage } })
  onTestFinished(() => usage.close())
  usage.follow(gate)
  const [key, other] = [await client('crm'), await client('app', 'globex')]
  for (const each of [key, key, other]) expect(await told(ask(each))).toBe(200)
  await expect.poll(() => gate.connections()).toEqual([])
  expect(await (await ask(key, '/terms/usage?from=2026-01-01&to=2026-01-01')).json()).toMatchObject({
    usage: [{ api: 'telephony', account: 'acme', class: 'read', connections: 2 }],
  })
})

test.each([
  'from=2026-99-99',
  'from=2026-02-30',
  'to=2025-02-29',
  'from=0000-00-00',
  'from=yesterday',
  'from=',
  'from=2026-03-01&to=2026-02-01',
  'from=2026-01-02',
])(
  '4(a)3: usage of days that are none, or the wrong way round, is the caller’s mistake: %s',
  async (query) => {
    const usage = createUsage({ clock: new TestClock(Date.parse('2026-01-01')) })
    const { ask, client, warnings } = await apiOf({ router: { usage } })
    onTestFinished(() => usage.close())
    const answer = await ask(await client('crm'), `/terms/usage?${query}`)
    expect([answer.status, await answer.json(), warnings]).toMatchObject([
      400,
      { detail: expect.stringMatching(/from|to/) },
      [],
    ])
  },
)

test('4(a)3: usage that cannot be looked up is no mistake of the caller’s', async () => {
  const usage = { of: () => Promise.reject(new Error('the disk is full')) }
  const { ask, client, warnings } = await apiOf({ router: { usage } })
  expect(await told(ask(await client('crm'), '/terms/usage?from=2026-01-01'))).toBe(503)
  expect(warnings).toMatchObject([{ code: 'option-failed' }])
})

test('1(a): a version that is accepted already is answered with, and not recorded again', async () => {
  const { ask, client, registry } = await apiOf(OPTIONS)
  const key = await client('crm')
  const first = await ask(key, '/terms/acceptances', accepting('2026-01'))
  const again = await ask(key, '/terms/acceptances', accepting('2026-01', { by: 'Somebody Else' }))
  expect([first.status, again.status, await again.json()]).toEqual([201, 200, await first.json()])
  expect(registry.client('crm')?.acceptances).toHaveLength(1)
})

test('4(a)5: content of no length told beforehand is read no further than its bound', async () => {
  const { client, port } = await apiOf(OPTIONS)
  const key = await client('crm')
  const caller = await RawCaller.to(port)
  caller.ask('POST', '/terms/acceptances', [
    ['Authorization', `Bearer ${key}`],
    ['Content-Type', 'application/json'],
    ['Transfer-Encoding', 'chunked'],
  ])
  for (let sent = 0; sent < 20; sent++) caller.send('190', 'x'.repeat(400), '')
  const answer = await caller.answer()
  expect([answer.status, answer.fields.connection]).toEqual([413, ['close']])
  await caller.closed
})

test('4(a)5: a client has few inquiries under way at once, which keep no other out, and are no connections of the API', async () => {
  const { ask, client, gate, port } = await apiOf({ options: { limits: { read: 1, write: 0 } } })
  const [key, sister] = [await client('crm'), await client('wallboard')]
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) {
    socket.on('error', () => {})
    const fields = [`Authorization: Bearer ${key}`, 'Content-Type: application/json', 'Content-Length: 100']
    socket.write(['POST /terms/acceptances HTTP/1.1', 'Host: api', ...fields, '', '{'].join('\r\n'))
  }
  await expect.poll(async () => told(ask(key, '/terms'))).toBe('connections-exhausted')
  const over = await ask(key, '/terms')
  expect(await over.json()).toMatchObject({
    detail: expect.stringContaining('of this client'),
    connection_class: 'terms',
    limit: 4,
    in_use: 4,
  })
  expect(await told(ask(sister, '/terms'))).toBe(200)
  expect(await gate.connections()).toEqual([])
  expect(await told(ask(key))).toBe(200)
  for (const socket of sockets) socket.destroy()
  await expect.poll(async () => told(ask(key, '/terms'))).toBe(200)
})

test('1(a): an acceptance that could not be recorded is none, and says so', async () => {
  const registry = { acceptTerms: () => Promise.reject(new Error('the disk is full')) }
  const { ask, client, gate } = await apiOf({ ...OPTIONS, router: { registry } })
  const warned: string[] = []
  gate.on('warning', ({ code }) => warned.push(code))
  const key = await client('crm')
  const answer = await ask(key, '/terms/acceptances', accepting('2026-01'))
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await answer.text()).not.toContain('disk')
  expect(warned).toEqual(['registry-failed'])
  expect(await told(ask(key))).toBe('terms-not-accepted')
})

test('2(c): beside a gate that observes, the router tells nobody of an account without its key, and says so', async () => {
  const { ask, client, refused } = await apiOf({ options: { mode: 'observe' } })
  await client('crm')
  expect([await told(ask(null)), await told(ask(null, '/terms'))]).toEqual([200, 'credentials-missing'])
  expect(refused.map(({ path, enforced }) => [path, enforced])).toEqual([
    ['/v1/calls', false],
    ['/terms', true],
  ])
})

test('3(a): a gate that is closed answers no inquiry', async () => {
  const { ask, client, gate } = await apiOf()
  const key = await client('crm')
  await gate.close()
  expect(await told(ask(key, '/terms'))).toBe('limits-unavailable')
})
