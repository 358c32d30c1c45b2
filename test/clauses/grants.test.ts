import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { apiOf, BY, DAY, told, type Api } from './setting.js'

const grantOf = (limits: Record<string, number>, from: string, until: string) =>
  ({
    account: 'acme',
    limits,
    consentedBy: 'sales',
    from: new Date(from),
    until: new Date(until),
    ...BY,
  }) as const

const WAITING = { waitMs: 2 ** 31 - 1, maxHoldMs: Infinity, stallMs: Infinity }

async function opened({ stream }: Api, key: string, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await stream(key)
}

test('2(d): a grant begins and ends by itself: what is open then goes on, and nobody new comes in', async () => {
  const api = await apiOf({ options: { limits: { read: 1 } } })
  const key = await api.client('crm')
  await api.registry.grant(grantOf({ read: 3 }, '2026-02-01', '2026-03-01'))
  await opened(api, key, 1)
  expect(await told(api.ask(key))).toBe('connections-exhausted')

  api.clock.setNow(Date.parse('2026-02-01'))
  await opened(api, key, 2)
  const over = await api.ask(key)
  expect(over.headers.get('ratelimit-policy')).toBe('"read";q=3;qu="concurrent-requests"')
  expect(await told(over)).toBe('connections-exhausted')

  api.clock.setNow(Date.parse('2026-03-01'))
  expect(await api.gate.connections()).toHaveLength(3)
  expect(await (await api.ask(key)).json()).toMatchObject({ limit: 1, in_use: 3 })
  const [first, second] = await api.gate.connections()
  await api.gate.end({ id: first!.id }, 'test')
  await api.gate.end({ id: second!.id }, 'test')
  expect(await told(api.ask(key))).toBe('connections-exhausted')
  await api.gate.end({}, 'test')
  expect(await told(api.ask(key))).toBe(200)
})

test('2(d): a grant that begins lets in who waits', async () => {
  const api = await apiOf({
    options: { limits: { read: 1 }, connections: WAITING },
  })
  const key = await api.client('crm')
  await api.registry.grant(grantOf({ read: 2 }, '2026-01-02', '2026-03-01'))
  await opened(api, key, 1)
  const waiting = told(api.ask(key))
  await sleep(50)
  api.clock.advance(DAY - 1)
  expect(await api.gate.connections()).toHaveLength(1)
  api.clock.advance(60)
  expect(await waiting).toBe(200)
})

test('2(d): a grant that ends while others wait lets in only as many as the limit says then', async () => {
  const api = await apiOf({ options: { limits: { read: 1 }, connections: WAITING } })
  const key = await api.client('crm')
  await api.registry.grant(grantOf({ read: 2 }, '2026-01-01', '2026-01-02'))
  await opened(api, key, 2)
  const waiting = told(api.ask(key))
  let isIn = false
  void waiting.then(() => (isIn = true))
  await sleep(50)
  api.clock.advance(DAY + 60)
  await sleep(20)
  const [first] = await api.gate.connections()
  await api.gate.end({ id: first!.id }, 'test')
  await sleep(50)
  expect(isIn).toBe(false)
  await api.gate.end({}, 'test')
  expect(await waiting).toBe(200)
})

test('2(d): a grant is for the API that it names, and goes before what a function says', async () => {
  const api = await apiOf({ options: { limits: () => ({ read: 0, write: 0 }) } })
  const key = await api.client('crm')
  await api.registry.grant({
    account: 'acme',
    limits: { read: 1 },
    api: 'meeting',
    consentedBy: 'sales',
    ...BY,
  })
  expect(await told(api.ask(key))).toBe('connections-exhausted')
  await api.registry.grant({
    account: 'acme',
    limits: { read: 1 },
    api: 'telephony',
    consentedBy: 'sales',
    ...BY,
  })
  expect(await told(api.ask(key))).toBe(200)
  expect(await told(api.ask(key, '/v1/calls', { method: 'POST' }))).toBe('connections-exhausted')
})

test('2(d): more keys give no more connections than the account is granted', async () => {
  const api = await apiOf({ options: { limits: { read: 1 } } })
  const keys = [await api.client('crm'), await api.client('wallboard')]
  await api.registry.grant(grantOf({ read: 2 }, '2026-01-01', '2026-03-01'))
  await opened(api, keys[0]!, 1)
  await opened(api, keys[1]!, 1)
  expect(await Promise.all(keys.map((key) => told(api.ask(key))))).toEqual([
    'connections-exhausted',
    'connections-exhausted',
  ])
})
