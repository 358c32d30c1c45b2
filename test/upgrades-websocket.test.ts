import { createServer as createTlsServer } from 'node:https'
import { afterEach, describe, expect, test } from 'vitest'
import { admissionOf } from '@api-terms/core/node'
import { gateWith, twoAccounts } from '../packages/core/test/gate-setting.js'
import { echoBehind, Opened, TestSocket, until } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const isIdle = async (gate: ReturnType<typeof gateWith>['gate']) => (await gate.connections()).length === 0
const webSocket = (port: number, key?: string) =>
  new TestSocket(`ws://127.0.0.1:${port}/v1/realtime`, key, opened)

describe('a WebSocket', () => {
  test('is admitted, counted until its socket closes, and then given back once', async () => {
    const { gate, keys, told } = gateWith({ limits: { read: 1 } })
    const { port } = await echoBehind(gate, opened)
    const first = webSocket(port, keys.crm)
    expect(await first.told()).toBe('hello')
    first.socket.send('ping')
    await until(() => first.messages.length === 2)
    expect(first.messages).toEqual(['hello', 'ping'])
    expect(await gate.connections()).toMatchObject([
      { account: 'acme', class: 'read', target: '/v1/realtime' },
    ])
    expect(await webSocket(port, keys.wallboard).told()).toBe('connections-exhausted')
    first.socket.close()
    await until(() => isIdle(gate))
    expect(await webSocket(port, keys.wallboard).told()).toBe('hello')
    expect(told.map(({ name }) => name)).toEqual(['admitted', 'refused', 'released', 'admitted'])
  })

  test('shows its handler the admission', async () => {
    const { gate, keys } = gateWith()
    const { port, reached } = await echoBehind(gate, opened)
    await webSocket(port, keys.crm).told()
    expect(admissionOf(reached[0]!)).toMatchObject({ account: { id: 'acme' }, client: { id: 'acme-crm' } })
  })

  test.each([
    ['no credential', undefined, {}, 401, 'credentials-missing'],
    ['an invalid credential', 'key_nobody', {}, 401, 'credentials-invalid'],
    ['a suspended account', 'crm', {}, 403, 'account-suspended'],
    ['no slot left', 'globex', { limits: { read: 0 } }, 429, 'connections-exhausted'],
    ['an undocumented path', 'globex', { requests: { paths: ['/v1/calls'] } }, 404, 'path-not-documented'],
    ['an undocumented upgrade', 'globex', { requests: { upgrades: [] } }, 403, 'upgrade-not-documented'],
  ] as const)('with %s is refused with a full HTTP response', async (_, key, options, status, reason) => {
    const { gate, keys, told } = gateWith(options, twoAccounts({ acme: { status: 'suspended' } }))
    const { port, reached } = await echoBehind(gate, opened)
    const known = key !== undefined && key in keys ? keys[key as keyof typeof keys] : key
    const caller = webSocket(port, known)
    expect(await caller.told()).toBe(reason)
    const { headers, body, ...rest } = caller.refusal!
    expect(rest.status).toBe(status)
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      connection: 'close',
      link: '<https://provider.example/terms>; rel="terms-of-service"',
      date: expect.any(String) as string,
    })
    if (status === 401) expect(headers['www-authenticate']).toContain('Bearer')
    expect(JSON.parse(body)).toMatchObject({
      status,
      reason,
      instance: told[0]?.name === 'refused' && told[0].instance,
    })
    expect(reached).toEqual([])
  })

  test('is ended by gate.end, and its slot is free at once', async () => {
    const { gate, keys, told } = gateWith({ limits: { read: 1 } })
    const { port } = await echoBehind(gate, opened)
    const caller = webSocket(port, keys.crm)
    await caller.told()
    expect(await gate.end({ account: 'acme' }, 'maintenance')).toBe(1)
    expect(await gate.connections()).toEqual([])
    await until(() => caller.closed)
    expect(told.filter(({ name }) => name === 'released')).toMatchObject([{ why: 'maintenance' }])
  })

  test('is ended by maxHoldMs', async () => {
    const { gate, keys, clock, told } = gateWith({ connections: { maxHoldMs: 60_000 } })
    const { port } = await echoBehind(gate, opened)
    const caller = webSocket(port, keys.crm)
    await caller.told()
    clock.advance(60_000)
    await until(() => caller.closed)
    expect(told.at(-1)).toMatchObject({ name: 'released', why: 'max-hold' })
  })

  test('is ended as its account is suspended', async () => {
    const { gate, keys, registry, told } = gateWith()
    const { port } = await echoBehind(gate, opened)
    const caller = webSocket(port, keys.crm)
    await caller.told()
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    await until(() => caller.closed)
    expect(told.at(-1)).toMatchObject({ name: 'released', why: 'account-suspended' })
    expect(await webSocket(port, keys.crm).told()).toBe('account-suspended')
  })

  test('whose reader has stopped reading is ended by stallMs; one with nothing to say is not', async () => {
    const { gate, keys, clock, told } = gateWith({ connections: { stallMs: 1000 } })
    const { port, sockets } = await echoBehind(gate, opened)
    const [reader, idle] = [webSocket(port, keys.crm), webSocket(port, keys.globex)]
    await reader.told()
    await idle.told()
    reader.socket.pause()
    const flood = [...sockets.clients][0]!
    const waiting = () => flood.bufferedAmount
    // As much as no buffer of the kernel takes.
    for (let i = 0; i < 64; i++) flood.send(Buffer.alloc(1 << 20))
    let before = -1
    await until(async () => {
      const same = waiting() === before
      before = waiting()
      await new Promise((resolve) => setTimeout(resolve, 50))
      return same && waiting() === before
    })
    clock.advance(2000)
    expect(told.filter(({ name }) => name === 'released')).toMatchObject([
      { why: 'stalled', account: 'acme' },
    ])
    expect((await gate.connections()).map(({ account }) => account)).toEqual(['globex'])
  })

  test('outlives server.close, still counted; gate.close ends it', async () => {
    const { gate, keys } = gateWith()
    const { port, server } = await echoBehind(gate, opened)
    const caller = webSocket(port, keys.crm)
    await caller.told()
    server.close()
    caller.socket.send('still there')
    await until(() => caller.messages.length === 2)
    expect(await gate.connections()).toHaveLength(1)
    await gate.close()
    await until(() => caller.closed)
  })

  test('goes through a TLS server just so, and counts as secure', async () => {
    const { gate, keys } = gateWith({ requests: { https: true } })
    const psk = Buffer.from('0123456789abcdef0123456789abcdef')
    const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' as const }
    const server = createTlsServer({ ...tls, pskCallback: () => psk })
    const { port } = await echoBehind(gate, opened, server)
    const client = {
      ...tls,
      pskCallback: () => ({ psk, identity: 'caller' }),
      checkServerIdentity: () => undefined,
    }
    const caller = new TestSocket(`wss://127.0.0.1:${port}/v1/realtime`, keys.crm, opened, client)
    expect(await caller.told()).toBe('hello')
    const refused = new TestSocket(`wss://127.0.0.1:${port}/v1/realtime`, undefined, opened, client)
    expect(await refused.told()).toBe('credentials-missing')
    caller.socket.terminate()
    await until(() => isIdle(gate))
  })
})
