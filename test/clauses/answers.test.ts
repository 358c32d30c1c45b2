import { expect, test } from 'vitest'
import { apiOf, FRAMEWORKS, TERMS_URL, told } from './setting.js'

const licence = 'https://provider.example/licence'

test.each(FRAMEWORKS)('4(a)9: every answer links to the Terms, refused or not (%s)', async (framework) => {
  const { ask, client, upgrade } = await apiOf({ framework })
  const link = `<${TERMS_URL}>; rel="terms-of-service"`
  const key = await client('crm')
  expect((await ask(key)).headers.get('link')).toContain(link)
  expect((await ask(null)).headers.get('link')).toContain(link)
  expect((await upgrade(key)).head).toContain(`Link: ${link}`)
  expect((await upgrade('key_nobody')).head).toContain(`Link: ${link}`)
})

test('5(a): content is restricted by path and method, and the caller reads why', async () => {
  const block = [
    { path: '/v1/recordings/:id', methods: ['GET'], detail: 'Recordings are not served in your region.' },
  ]
  const { ask, client, refused } = await apiOf({ options: { requests: { block } } })
  const key = await client('crm')
  const answer = await ask(key, '/v1/recordings/1')
  expect(await answer.json()).toMatchObject({ reason: 'request-blocked', detail: block[0]!.detail })
  expect(refused).toMatchObject([{ reason: 'request-blocked', path: '/v1/recordings/1' }])
  expect(await told(ask(key, '/v1/calls'))).toBe(200)
})

test.each(FRAMEWORKS)(
  '5(a): content is restricted by account, whoever of it asks (%s)',
  async (framework) => {
    const later = () => new Promise<boolean>((resolve) => setImmediate(resolve, true))
    const block = [
      { path: '/v1/recordings/:id', accounts: ['acme'], detail: 'Your plan has no recordings.' },
      { path: '/v1/realtime', accounts: ['acme'], when: later },
      { path: '/v1/calls', accounts: ['acme'], methods: ['DELETE'] },
    ]
    const { ask, client, refused, upgrade } = await apiOf({ framework, options: { requests: { block } } })
    const [crm, other, globex] = [await client('crm'), await client('other'), await client('app', 'globex')]
    for (const key of [crm, other]) {
      const answer = await ask(key, '/v1/recordings/1')
      expect(await answer.json()).toMatchObject({
        reason: 'request-blocked',
        detail: 'Your plan has no recordings.',
      })
      expect((await upgrade(key)).status).toBe(403)
    }
    expect(refused).toMatchObject([
      { reason: 'request-blocked', account: 'acme', client: 'crm' },
      { reason: 'request-blocked', path: '/v1/realtime' },
      { reason: 'request-blocked', account: 'acme', client: 'other' },
      { reason: 'request-blocked', path: '/v1/realtime' },
    ])
    expect(await told(ask(globex, '/v1/recordings/1'))).toBe(200)
    expect((await upgrade(globex)).status).toBe(101)
    expect([
      await told(ask(crm, '/v1/calls')),
      await told(ask(crm, '/v1/calls', { method: 'DELETE' })),
    ]).toEqual([200, 'request-blocked'])
    // Who has no key is told nothing of what is restricted for whom.
    expect(await told(ask(null, '/v1/recordings/1'))).toBe('credentials-missing')
  },
)

test.each(FRAMEWORKS)(
  '5(c): an answer is for its caller alone, unless a rule makes it public (%s)',
  async (framework) => {
    const rules = [{ path: '/v1/countries', policy: 'public, max-age=3600' }]
    const { ask, client } = await apiOf({ framework, options: { caching: { default: 'max-age=60', rules } } })
    const key = await client('crm')
    const kept = async (path: string) => (await ask(key, path)).headers.get('cache-control')
    expect(await kept('/v1/calls')).toMatch(/\bprivate\b/)
    expect(await kept('/v1/countries')).toMatch(/\bpublic\b/)
  },
)

test.each(FRAMEWORKS)(
  '5(d)1: every answer says how long it may be kept; where nothing is said, not at all (%s)',
  async (framework) => {
    const rules = [{ path: '/v1/extensions', policy: 'private, max-age=300' }]
    const { ask, client } = await apiOf({ framework, options: { caching: { rules } } })
    const key = await client('crm')
    const kept = async (path: string, init?: RequestInit) =>
      (await ask(key, path, init)).headers.get('cache-control')
    expect(await kept('/v1/calls')).toBe('no-store')
    expect(await kept('/v1/extensions')).toBe('private, max-age=300')
    expect(await kept('/v1/extensions', { method: 'POST' })).toBe('no-store')
    expect((await ask(null, '/v1/extensions')).headers.get('cache-control')).toBe('no-store')
  },
)

test('5(d)1: an account that asks for many ids is told of, and refused them for a while', async () => {
  const ids = { paths: ['/v1/extensions/:id'], most: 3, withinMs: 60_000, refuseMs: 5_000 }
  const { gate, ask, client, clock } = await apiOf({ options: { misuse: { ids } } })
  const signs: unknown[] = []
  gate.on('misuse', (event) => signs.push(event))
  const key = await client('crm')
  const answers = []
  for (const id of [1, 2, 2, 3, 4]) answers.push(await told(ask(key, `/v1/extensions/${id}`)))
  expect(answers).toEqual([200, 200, 200, 200, 'scraping-suspected'])
  expect(signs).toMatchObject([{ sign: 'many-ids', clause: '5(d)', account: 'acme' }])
  expect(await told(ask(key, '/v1/calls'))).toBe(200)
  clock.advance(60_001)
  expect(await told(ask(key, '/v1/extensions/4'))).toBe(200)
})

test.each(FRAMEWORKS)('5(d)4: an answer with content links to its licence (%s)', async (framework) => {
  const { ask, client } = await apiOf({ framework, options: { terms: { url: TERMS_URL, licence } } })
  expect((await ask(await client('crm'))).headers.get('link')).toContain(`<${licence}>; rel="license"`)
})
