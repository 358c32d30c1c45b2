import { expect, onTestFinished, test, vi } from 'vitest'
import type { Registry } from '@api-terms/core'
import { RawCaller } from '../callers/raw.js'
import { settled } from '../clock.js'
import { apiOf, BY, FRAMEWORKS, told } from './setting.js'

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
const behindProxy = { options: { requests: { trustedProxies: ['loopback', '10.0.0.0/8'] } } }

test.each(FRAMEWORKS)(
  '2(c): a client comes from its networks only, as the trusted proxies tell (%s)',
  async (framework) => {
    const { ask, client, registry, refused } = await apiOf({ framework, ...behindProxy })
    const key = await client('crm')
    await registry.updateClient({ client: 'crm', networks: ['192.0.2.0/24', '2001:db8::/32'], ...BY })
    const addresses = {
      '192.0.2.7': 200,
      '192.0.2.7, 10.1.2.3': 200,
      '203.0.113.1, 192.0.2.7, 10.1.2.3, 10.9.9.9': 200,
      '::ffff:192.0.2.7': 200,
      '2001:db8:1::7': 200,
      '192.0.3.7': 'network-not-allowed',
      '192.0.2.7, 203.0.113.1': 'network-not-allowed',
      '192.0.2.7, unknown': 'network-not-allowed',
      '192.0.2.7,': 'network-not-allowed',
      '2001:db9::7': 'network-not-allowed',
      '10.1.2.3': 'network-not-allowed',
    }
    const answers: Record<string, string | number> = {}
    for (const address of Object.keys(addresses))
      answers[address] = await told(ask(key, '/v1/calls', from(address)))
    expect(answers).toEqual(addresses)
    expect(await told(ask(key))).toBe('network-not-allowed')
    expect(refused[0]).toMatchObject({
      reason: 'network-not-allowed',
      clause: '2(c)',
      account: 'acme',
      client: 'crm',
    })
  },
)

test('2(c): networks that are taken away end what is open from there, and keep what comes from the others', async () => {
  const { gate, client, registry, ask, stream } = await apiOf()
  const key = await client('crm')
  await registry.updateClient({ client: 'crm', networks: ['127.0.0.0/8', '192.0.2.0/24'], ...BY })
  const open = await stream(key)
  await registry.updateClient({ client: 'crm', networks: ['127.0.0.0/8'], ...BY })
  await settled()
  expect(await gate.connections()).toHaveLength(1)
  await registry.updateClient({ client: 'crm', networks: ['192.0.2.0/24'], ...BY })
  expect(await open.ended).toMatch(/^cut off/)
  expect(await told(ask(key))).toBe('network-not-allowed')
})

test('2(c): behind a proxy, where a connection came from is its own, whatever else comes through the same socket', async () => {
  const { gate, client, registry, port } = await apiOf(behindProxy)
  const key = await client('crm')
  await registry.updateClient({ client: 'crm', networks: ['192.0.2.0/24', '203.0.113.0/24'], ...BY })
  const proxy = await RawCaller.to(port)
  onTestFinished(() => void proxy.socket.destroy())
  const ask = (path: string, address: string) =>
    proxy.ask('GET', path, [
      ['Authorization', `Bearer ${key}`],
      ['X-Forwarded-For', address],
    ])
  ask('/v1/events', '192.0.2.7')
  await vi.waitUntil(async () => (await gate.connections()).length === 1)
  ask('/v1/calls', '203.0.113.7')
  await vi.waitUntil(async () => (await gate.connections()).length === 2)
  await registry.updateClient({ client: 'crm', networks: ['203.0.113.0/24'], ...BY })
  await proxy.closed
  await vi.waitUntil(async () => (await gate.connections()).length === 0)
})

test('2(c): of what was open before there were networks nobody knows where it came from: it is ended', async () => {
  const { client, registry, ask, stream } = await apiOf()
  const key = await client('crm')
  const open = await stream(key)
  await registry.updateClient({ client: 'crm', networks: ['127.0.0.1'], ...BY })
  expect(await open.ended).toMatch(/^cut off/)
  expect(await told(ask(key))).toBe(200)
})

test.each([
  [['127.0.0.1', 'everywhere'], 'network-not-allowed'],
  [['127.0.0.1/40'], 'network-not-allowed'],
  ['127.0.0.1', 'registry-unavailable'],
  [[127], 'registry-unavailable'],
])(
  '2(c): networks that cannot be read, in the answer of a registry, let nobody in (%j)',
  async (networks, reason) => {
    const inner = await apiOf()
    const key = await inner.client('crm')
    const registry: Registry = {
      async findByDigest(digest) {
        const found = await inner.registry.findByDigest(digest)
        return found && { ...found, client: { ...found.client, networks: networks as string[] } }
      },
    }
    const { ask } = await apiOf({ options: { registry } })
    expect(await told(ask(key))).toBe(reason)
  },
)

test('2(c): a client id beside the key must be the key’s, on a connection that is kept too', async () => {
  const { ask, client } = await apiOf({ options: { credentials: { clientHeader: 'X-Client-Id' } } })
  const [crm] = [await client('crm'), await client('wallboard')]
  const as = (id: string) => told(ask(crm, '/v1/calls', { headers: { 'X-Client-Id': id } }))
  for (let times = 0; times < 2; times++)
    expect([await as('crm'), await as('wallboard'), await told(ask(crm))]).toEqual([
      200,
      'credentials-invalid',
      200,
    ])
})

test('1(c): registrations that are not complete, or not verified for too long, are told, once', async () => {
  const { ask, client, clock, registry, notices } = await apiOf({
    options: { registration: { reviewMs: 365 * 86_400_000, requires: ['contacts', 'privacyPolicyUrl'] } },
  })
  const key = await client('crm')
  const asked = async () => {
    for (let times = 0; times < 2; times++) expect(await told(ask(key))).toBe(200)
    return notices.splice(0).map(({ code, missing, due }) => [code, missing, due?.toISOString().slice(0, 10)])
  }
  expect(await asked()).toEqual([['registration-stale', 'contacts', undefined]])
  await registry.updateAccount({ account: 'acme', contacts: { technical: 'dev@acme.example' }, ...BY })
  expect(await asked()).toEqual([['registration-stale', 'privacyPolicyUrl', undefined]])
  await registry.updateClient({ client: 'crm', privacyPolicyUrl: 'https://acme.example/privacy', ...BY })
  expect(await asked()).toEqual([])
  clock.setNow(Date.parse('2027-01-01'))
  expect(await asked()).toEqual([['registration-stale', 'verifiedAt', '2027-01-01']])
  await registry.verify({ account: 'acme', ...BY })
  await registry.verify({ client: 'crm', ...BY })
  clock.setNow(Date.parse('2027-12-31'))
  expect(await asked()).toEqual([])
  clock.setNow(Date.parse('2028-01-01'))
  expect(await asked()).toEqual([['registration-stale', 'verifiedAt', '2028-01-01']])
})

test('1(c): where the provider chooses, a registration that grows stale is refused, and what is open is ended', async () => {
  const { ask, client, clock, registry, stream } = await apiOf({
    options: {
      registration: { reviewMs: 30 * 86_400_000, whenStale: 'refuse' },
      connections: { maxHoldMs: Infinity },
    },
  })
  const key = await client('crm')
  const open = await stream(key)
  clock.advance(30 * 86_400_000 + 50)
  expect(await open.ended).toMatch(/^cut off/)
  const refused = await ask(key)
  expect([refused.status, await refused.json()]).toMatchObject([403, { terms_clause: '1(c)' }])
  await registry.verify({ client: 'crm', ...BY })
  await registry.verify({ account: 'acme', ...BY })
  expect(await told(ask(key))).toBe(200)
})
