import type { Server } from 'node:http'
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { MemoryRegistry, Registry } from '@api-terms/core'
import { guardUpgrades } from '@api-terms/core/node'
import { expect } from 'vitest'
import { KEYS, registry } from '../battery/accounts.js'
import { nothingHeld, SOON } from '../battery/running.js'
import { ask, bearer, type Asked } from '../callers/ask.js'
import { RawCaller } from '../callers/raw.js'
import { TestClock } from '../clock.js'
import type { Running } from '../subjects.js'
import type { Lesson } from './lesson.js'

let records: MemoryRegistry = registry()
let lookups: (() => void)[] = []
let clock = new TestClock()

/** A registry that has to be waited for. */
function remote({ announces }: { announces: boolean }): Registry {
  records = registry()
  lookups = []
  return {
    async findByDigest(digest) {
      const found = await records.findByDigest(digest)
      await pause(1)
      return found
    },
    ...(announces && { onChange: (listener) => records.onChange(listener) }),
  }
}

async function revoke(): Promise<void> {
  const client = records.client('acme')!
  await records.setClient({
    ...client,
    credentials: client.credentials.map((credential) => ({ ...credential, revokedAt: new Date(0) })),
  })
}

const statuses = async (running: Running, asked: readonly Asked[]) => {
  const found: number[] = []
  for (const each of asked) found.push((await ask(running, each)).status)
  return found
}

const cached = () => ({ caching: { default: 'private, max-age=60' } })

export const DECIDING: readonly Lesson[] = [
  {
    row: 13,
    title: 'while the registry hangs nobody hangs with it, and the provider is told',
    options: () => ({
      registry: { findByDigest: () => new Promise(() => {}) },
      credentials: { timeoutMs: 30 },
    }),
    async play({ running, gate }) {
      const warned: unknown[] = []
      gate.on('warning', ({ code }) => warned.push(code))
      expect(await statuses(running, [{}, {}])).toEqual([503, 503])
      expect(warned[0]).toBe('registry-failed')
    },
  },
  {
    row: 14,
    title: 'an upgrade is refused, counted and given back like a request',
    runsOn: ({ http2 }) => !http2,
    options: () => ({ limits: { read: 1 } }),
    async play({ running, gate }) {
      const stop = guardUpgrades(gate, running.server as Server, (_req, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        socket.on('end', () => socket.end()).resume()
      })
      const upgrade = [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ] as const
      const knock = async (...fields: (readonly [string, string])[]) =>
        (await RawCaller.to(running.port)).ask('GET', '/v1/realtime', [...upgrade, ...fields])
      const refused = await (await knock()).answer()
      expect([refused.status, refused.fields.connection, JSON.parse(refused.body)]).toMatchObject([
        401,
        ['close'],
        { reason: 'credentials-missing' },
      ])
      const admitted = await knock(bearer('acme'))
      await admitted.until((text) => text.startsWith('HTTP/1.1 101') || undefined)
      expect((await (await knock(bearer('acme'))).answer()).status).toBe(429)
      admitted.socket.destroy()
      await nothingHeld(gate)
      stop()
    },
  },
  {
    row: 15,
    title: 'a key that is revoked is refused with the next request, where the registry announces its changes',
    options: () => ({ registry: remote({ announces: true }), credentials: { cacheMs: 60_000 } }),
    async play({ running }) {
      expect(await statuses(running, [{}, {}])).toEqual([200, 200])
      await revoke()
      expect(await statuses(running, [{}, {}])).toEqual([401, 401])
    },
  },
  {
    row: 15,
    title: 'a look-up that is under way while its key is revoked lets nobody in, and fills no cache',
    options: () => {
      const slow = remote({ announces: true })
      return {
        credentials: { cacheMs: 60_000 },
        registry: {
          ...slow,
          async findByDigest(digest) {
            const found = await records.findByDigest(digest)
            await new Promise<void>((resolve) => lookups.push(resolve))
            return found
          },
        },
      }
    },
    async play({ running, open }) {
      const asked = await open('acme', '/v1/json')
      await expect.poll(() => lookups.length, SOON).toBe(1)
      await revoke()
      lookups[0]!()
      await expect.poll(() => lookups.length, SOON).toBe(2)
      lookups[1]!()
      expect((await asked.answer).status).toBe(401)
      expect(await statuses(running, [{}])).toEqual([401])
    },
  },
  {
    row: 15,
    title: 'a key that is revoked without a word is refused when cacheMs have passed',
    options: () => ({
      registry: remote({ announces: false }),
      credentials: { cacheMs: 1000 },
      clock: (clock = new TestClock()),
    }),
    async play({ running }) {
      expect(await statuses(running, [{}])).toEqual([200])
      await revoke()
      clock.advance(999)
      expect(await statuses(running, [{}])).toEqual([200])
      clock.advance(1)
      expect(await statuses(running, [{}])).toEqual([401])
    },
  },
  {
    row: 16,
    title: 'an account that is suspended is refused with its next request, and what it has open is ended',
    options: () => ({ registry: (records = registry()) }),
    async play({ running, gate, arrived, open }) {
      const released: unknown[] = []
      gate.on('released', ({ why }) => released.push(why))
      const stream = await open()
      await arrived(1)
      await records.setAccount({ id: 'acme', status: 'suspended' })
      expect(await statuses(running, [{}])).toEqual([403])
      await expect(stream.answer).rejects.toThrow(/ended/)
      expect(released).toEqual(['account-suspended'])
      await records.setAccount({ id: 'acme' })
      expect(await statuses(running, [{}])).toEqual([200])
    },
  },
  {
    row: 17,
    title: 'only the whole key, letter by letter, is the key; what is stored is its SHA-256',
    async play({ running }) {
      const key = KEYS.acme
      const others = [`${key}0`, `${key}=`, key.slice(0, -1), key.toUpperCase(), ` ${key}x`, key.slice(1)]
      const asked = others.map((other): Asked => ({ key: null, fields: [['X-API-Key', other.trim()]] }))
      expect(await statuses(running, asked)).toEqual(others.map(() => 401))
      const digest = createHash('sha256').update(key).digest('hex')
      expect(registry().peekByDigest(digest)?.client.id).toBe('acme')
    },
  },
  {
    row: 18,
    title: 'over the limit is 429 and nothing else, reported once and counted once',
    options: () => ({ limits: { read: 1 } }),
    async play({ running, gate, held, arrived, open }) {
      const reported: unknown[] = []
      gate.on('refused', ({ reason, inUse }) => reported.push([reason, inUse]))
      await open()
      await arrived(1)
      expect(await statuses(running, [{}, {}])).toEqual([429, 429])
      expect(reported).toEqual([
        ['connections-exhausted', 1],
        ['connections-exhausted', 1],
      ])
      expect(held.length).toBe(1)
    },
  },
  {
    row: 19,
    title: 'a path that guard and router would read apart reaches no router',
    options: () => ({ requests: { block: [{ path: '/v1/held' }] } }),
    async play({ running, held }) {
      const targets = [
        '//v1/held',
        '/v1/held;x',
        '/v1/%2e/held',
        '/v1/h%65ld',
        '/v1/x/../held',
        '/v1/x%2f..%2fheld',
      ]
      const found = await statuses(running, [
        ...targets.map((target) => ({ target })),
        ...['/v1/HELD', '/v1/held/'].map((target) => ({ target })),
      ])
      expect(found).toEqual([...targets.map(() => 400), 403, 403])
      expect(held).toEqual([])
    },
  },
  {
    row: 20,
    title: 'case, space or a parameter in Content-Type neither skips the check nor is refused for it',
    options: () => ({ requests: { mediaTypes: ['application/json'] } }),
    async play({ running }) {
      const post = (type: string): Asked => ({ method: 'POST', body: '{}', fields: [['Content-Type', type]] })
      const good = ['APPLICATION/JSON', 'application/json ; charset=UTF-8', 'application/json;x="a;b"']
      const bad = [
        'text/plain',
        'text/plain;application/json',
        'application/jsonx',
        'application/json, text/plain',
        '',
      ]
      expect(await statuses(running, good.map(post))).toEqual(good.map(() => 200))
      expect(await statuses(running, bad.map(post))).toEqual(bad.map(() => 415))
    },
  },
  {
    row: 21,
    title: 'a method that is overridden is refused; HEAD is let in, blocked and counted with GET',
    options: () => ({ requests: { methods: ['GET'], block: [{ path: '/v1/held', methods: ['GET'] }] } }),
    async play({ running, gate }) {
      const classes: string[] = []
      gate.on('admitted', (event) => classes.push(event.class))
      const found = await statuses(running, [
        { fields: [['X-HTTP-Method-Override', 'DELETE']] },
        { method: 'HEAD' },
        { method: 'HEAD', target: '/v1/held' },
        { method: 'POST' },
      ])
      expect([found, classes]).toEqual([[400, 200, 403, 405], ['read']])
    },
  },
  {
    row: 22,
    title:
      'cache headers that were set before the status was known make no error cacheable, nor an account’s answer public',
    options: cached,
    setup: { before: { 'Cache-Control': 'public, max-age=600' } },
    async play({ running }) {
      const fields = []
      for (const target of ['/v1/json', '/v1/throws', '/v1/unknown'])
        fields.push((await ask(running, { target })).fields['cache-control'])
      expect(fields).toEqual([['private, max-age=60'], ['no-store'], ['no-store']])
    },
  },
  {
    row: 23,
    title: 'must-revalidate stands beside private, which keeps shared caches out',
    options: () => ({ caching: { default: 'max-age=60, must-revalidate' } }),
    async play({ running }) {
      const { fields } = await ask(running, {})
      expect(fields['cache-control']).toEqual(['private, max-age=60, must-revalidate'])
    },
  },
  {
    row: 27,
    title: 'what the gate stamps survives the error handlers of the frameworks',
    options: cached,
    async play({ running }) {
      const { status, fields } = await ask(running, { target: '/v1/throws' })
      expect(status).toBe(500)
      expect(Object.keys(fields)).toEqual(
        expect.arrayContaining(['link', 'cache-control', 'vary', 'ratelimit', 'ratelimit-policy']),
      )
    },
  },
]
