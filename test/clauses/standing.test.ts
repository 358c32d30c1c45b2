import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Registry, RegistryChange } from '@api-terms/core'
import { settled } from '../clock.js'
import { apiOf, BY, DAY, FRAMEWORKS, told, type Api } from './setting.js'

/** A second, less what a busy machine takes for everything else: each test measures from the operation to the last byte. */
const AT_ONCE_MS = 1000

/** A stream, a WebSocket and a request in line, of one key, and what becomes of them. */
async function heldBy({ ask, stream, upgrade, gate }: Api, key: string) {
  const open = await stream(key)
  const socket = await upgrade(key)
  expect(socket.status).toBe(101)
  expect(await gate.connections({ account: 'acme' })).toHaveLength(2)
  const waiting = told(ask(key))
  await sleep(50)
  return { stream: open.ended, socket: socket.ended, waiting }
}

const FOR_EVER = { maxHoldMs: Infinity, stallMs: Infinity }
const WAITING = { limits: { read: 2 }, connections: { waitMs: 2 ** 31 - 1, ...FOR_EVER } }
const LASTING = { connections: FOR_EVER }

const operations: readonly [string, string, (registry: Api['registry']) => Promise<unknown>][] = [
  ['3(a)', 'account-suspended', (registry) => registry.suspend({ account: 'acme', why: 'abuse', ...BY })],
  ['3(a)', 'account-suspended', (registry) => registry.suspend({ client: 'crm', ...BY })],
  ['1(d)', 'account-suspended', (registry) => registry.suspend({ partner: 'reseller', ...BY })],
  ['6(a)', 'account-terminated', (registry) => registry.terminate({ account: 'acme', ...BY })],
  ['6(a)', 'account-terminated', (registry) => registry.terminate({ client: 'crm', ...BY })],
  ['1(d)', 'account-terminated', (registry) => registry.terminate({ partner: 'reseller', ...BY })],
]

describe.each(FRAMEWORKS)('%s', (framework) => {
  test.each(operations.map(([clause, reason, operation], at) => ({ clause, reason, operation, at })))(
    '$clause: $reason at once: streams, WebSockets, who waits, and whoever comes ($at)',
    async ({ reason, operation }) => {
      const api = await apiOf({ framework, options: WAITING })
      const key = await api.client('crm')
      await api.registry.updateAccount({ account: 'acme', partner: 'reseller', ...BY })
      const held = await heldBy(api, key)
      const before = performance.now()
      await operation(api.registry)
      const next = told(api.ask(key))
      expect(await held.stream).toMatch(/^cut off/)
      await held.socket
      expect(await Promise.all([held.waiting, next])).toEqual([reason, reason])
      expect(performance.now() - before).toBeLessThan(AT_ONCE_MS)
      expect(await api.gate.connections()).toEqual([])
      expect(api.released.map(({ why }) => why)).toEqual([reason, reason])
      expect(api.refused).toMatchObject([
        { reason, account: 'acme', client: 'crm' },
        { reason, account: 'acme', client: 'crm' },
      ])
    },
  )
})

test('3(a): why an account is suspended is told to nobody outside', async () => {
  const { ask, client, registry } = await apiOf()
  const key = await client('crm')
  await registry.suspend({ account: 'acme', why: 'unpaid bills', ...BY })
  const refused = await ask(key)
  expect(await refused.text()).not.toContain('unpaid')
})

test('3(a): an account that is reinstated comes in again', async () => {
  const { ask, client, registry } = await apiOf()
  const key = await client('crm')
  await registry.suspend({ account: 'acme', ...BY })
  expect(await told(ask(key))).toBe('account-suspended')
  await registry.reinstate({ account: 'acme', ...BY })
  expect(await told(ask(key))).toBe(200)
})

test('1(d): the accounts of a partner are suspended together, and of no other', async () => {
  const { ask, client, registry } = await apiOf()
  const keys = [await client('crm', 'acme'), await client('app', 'globex'), await client('own', 'initech')]
  for (const account of ['acme', 'globex'])
    await registry.updateAccount({ account, partner: 'reseller', ...BY })
  await registry.suspend({ partner: 'reseller', ...BY })
  expect(await Promise.all(keys.map((key) => told(ask(key))))).toEqual([
    'account-suspended',
    'account-suspended',
    200,
  ])
})

test('6(a): notice takes effect by itself, on what is open and on who waits', async () => {
  const api = await apiOf({ options: WAITING })
  const key = await api.client('crm')
  const held = await heldBy(api, key)
  await api.registry.terminate({ account: 'acme', from: new Date('2026-01-20'), ...BY })
  await settled()
  expect(await api.gate.connections()).toHaveLength(2)
  // Less than what a request may wait, and more than one timer.
  api.clock.advance(Date.parse('2026-01-20') - api.clock.now() - 1)
  await settled()
  expect(await api.gate.connections()).toHaveLength(2)
  // The moment itself, and at most so much late.
  api.clock.advance(50)
  expect(await held.stream).toMatch(/^cut off/)
  await held.socket
  expect(await held.waiting).toBe('account-terminated')
  expect(await told(api.ask(key))).toBe('account-terminated')
})

test('6(a): notice that is moved takes effect at its new date', async () => {
  const api = await apiOf({ options: LASTING })
  const key = await api.client('crm')
  const open = await api.stream(key)
  await api.registry.terminate({ client: 'crm', from: new Date('2026-02-01'), ...BY })
  await api.registry.terminate({ client: 'crm', from: new Date('2026-04-01'), ...BY })
  api.clock.advance(45 * DAY)
  await settled()
  expect(await told(api.ask(key))).toBe(200)
  expect(await api.gate.connections()).toHaveLength(1)
  api.clock.advance(50 * DAY)
  expect(await open.ended).toMatch(/^cut off/)
})

test('6(a): notice takes effect though the time of day is set while the timer runs', async () => {
  const api = await apiOf({ options: LASTING })
  const key = await api.client('crm')
  const open = await api.stream(key)
  await api.registry.terminate({ account: 'acme', from: new Date('2026-03-01'), ...BY })
  await settled()
  api.clock.setNow(Date.parse('2026-03-01'))
  api.clock.advance(60_000)
  expect(await open.ended).toMatch(/^cut off/)
})

test('6(b): who is terminated is asked to clear its caches, also where it asks for an upgrade', async () => {
  const { ask, client, registry, port } = await apiOf()
  const key = await client('crm')
  await registry.terminate({ account: 'acme', ...BY })
  const refused = await ask(key)
  expect([
    refused.status,
    refused.headers.get('clear-site-data'),
    refused.headers.get('cache-control'),
  ]).toEqual([403, '"cache"', 'no-store'])
  expect(await refused.json()).toMatchObject({ reason: 'account-terminated', terms_clause: '6(a)' })
  const { RawCaller } = await import('../callers/raw.js')
  const caller = await RawCaller.to(port)
  const upgrade: [string, string][] = [
    ['Authorization', `Bearer ${key}`],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ]
  const answer = await caller.ask('GET', '/v1/realtime', upgrade).answer()
  expect([answer.status, answer.fields['clear-site-data']]).toEqual([403, ['"cache"']])
})

test('3(a): a registry that cannot be asked just then is asked again, until it says who is suspended', async () => {
  let answers = true
  const listeners = new Set<(change: RegistryChange) => void>()
  const inner = await apiOf()
  const registry: Registry = {
    findByDigest: async (digest) => {
      if (!answers) throw new Error('out of order')
      return inner.registry.findByDigest(digest)
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const api = await apiOf({ options: { registry } })
  const key = await inner.client('crm')
  const open = await api.stream(key)
  await inner.registry.suspend({ account: 'acme', ...BY })
  answers = false
  for (const tell of listeners) tell({ account: 'acme' })
  await settled()
  expect(await api.gate.connections()).toHaveLength(1)
  answers = true
  api.clock.advance(1000)
  expect(await open.ended).toMatch(/^cut off/)
})
