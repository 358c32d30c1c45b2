import type { Server } from 'node:http'
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Limits, Registration, Registry } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { gateWith, twoAccounts } from '../packages/core/test/gate-setting.js'
import { settled } from './clock.js'
import {
  echoBehind,
  Opened,
  RawSocket,
  switchProtocols,
  TestSocket,
  until,
  upgradesBehind,
} from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const isIdle = async (gate: ReturnType<typeof gateWith>['gate']) => (await gate.connections()).length === 0
const webSocket = (port: number, key?: string) =>
  new TestSocket(`ws://127.0.0.1:${port}/v1/realtime`, key, opened)

describe('an upgrade', () => {
  test('to another protocol is refused, or taken where it is documented', async () => {
    const accept = (_: unknown, socket: Duplex) => switchProtocols(socket)
    const plain = gateWith()
    const one = new RawSocket((await upgradesBehind(plain.gate, opened, accept)).port, opened)
    one.ask(plain.keys.crm, { protocol: 'h2c' })
    await until(() => one.closed)
    expect(one.status).toBe(403)
    expect(one.received).toContain('upgrade-not-documented')
    const wider = gateWith({ requests: { upgrades: ['foo/2'] } })
    const other = new RawSocket((await upgradesBehind(wider.gate, opened, accept)).port, opened)
    other.ask(wider.keys.crm, { protocol: 'foo/2' })
    await until(() => other.received.includes('101'))
    expect(await wider.gate.connections()).toHaveLength(1)
  })

  test('by HEAD is refused without a body', async () => {
    const { gate } = gateWith()
    const { port } = await echoBehind(gate, opened)
    const caller = new RawSocket(port, opened).ask(undefined, { method: 'HEAD' })
    await until(() => caller.closed)
    expect(caller.status).toBe(401)
    expect(caller.received).toMatch(/Content-Length: [1-9]\d*\r\n(?:.*\r\n)*\r\n$/)
  })

  test('hands its handler what came with it, and what came while it was decided', async () => {
    const { gate, keys, answer } = slowGate()
    let received = ''
    const { port } = await upgradesBehind(gate, opened, (_, socket, head) => {
      switchProtocols(socket)
      received += head.toString()
      socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
    })
    const caller = new RawSocket(port, opened).ask(keys.crm, { after: 'with it, ' })
    await until(() => answer.asked())
    caller.socket.write('while it was decided, ')
    await settled(10)
    answer.give()
    await until(() => caller.received.includes('101'))
    caller.socket.write('after')
    await until(() => received.endsWith('after'))
    expect(received).toBe('with it, while it was decided, after')
  })

  test('hands its handler all that came while it was decided, however much', async () => {
    const { gate, keys, answer } = slowGate()
    let received = 0
    const { port } = await upgradesBehind(gate, opened, (_, socket, head) => {
      switchProtocols(socket)
      received += head.length
      socket.on('data', (chunk: Buffer) => (received += chunk.length))
    })
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => answer.asked())
    caller.socket.write('x'.repeat(1 << 20))
    await settled(50)
    answer.give()
    await until(() => received === 1 << 20)
    caller.socket.write('y')
    await until(() => received === (1 << 20) + 1)
  })

  test('is refused in full to one who has sent much after it already', async () => {
    const { gate, keys } = gateWith({ limits: { read: 0 } })
    const { port } = await echoBehind(gate, opened)
    for (let i = 0; i < 20; i++) {
      const caller = new RawSocket(port, opened).ask(keys.crm, { after: 'x'.repeat(1 << 20) })
      await until(() => caller.closed)
      expect(caller.received).toMatch(/^HTTP\/1\.1 429 [^]*"in_use":0\}$/)
    }
  })

  test('whose caller is refused and does not close its end is closed all the same', async () => {
    const { gate } = gateWith()
    const { port, server } = await echoBehind(gate, opened)
    const caller = new RawSocket(port, opened)
    caller.socket.allowHalfOpen = true
    caller.ask(undefined)
    await until(() => caller.received.includes('credentials-missing'))
    await until(async () => (await connectionsOf(server)) === 0)
  })

  test.each(['FIN', 'RST'])('whose caller hangs up (%s) during the look-up holds nothing', async (how) => {
    const { gate, keys, told, answer } = slowGate()
    const { port, reached, server } = await echoBehind(gate, opened)
    let left = false
    server.on('upgrade', (_, socket: Duplex) => {
      socket.on('end', () => (left = true)).on('close', () => (left = true))
    })
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => answer.asked())
    hangUp(caller, how)
    await until(() => left)
    answer.give()
    await until(() => told.length > 0)
    expect(told.map(({ name }) => name)).toEqual(['abandoned'])
    expect([reached.length, await gate.connections()]).toEqual([0, []])
    await until(async () => (await connectionsOf(server)) === 0)
  })

  test.each(['FIN', 'RST'])(
    'whose caller hangs up (%s) while it waits leaves the line at once',
    async (how) => {
      const { gate, keys, told } = gateWith({
        limits: { read: 1 },
        connections: { waitMs: 60_000, maxWaiting: 1 },
      })
      const { port, reached } = await echoBehind(gate, opened)
      const holder = webSocket(port, keys.crm)
      await holder.told()
      const caller = new RawSocket(port, opened).ask(keys.crm)
      await until(async () => (await exhausted(port, keys.crm)) === 1)
      hangUp(caller, how)
      await until(() => told.some(({ name }) => name === 'abandoned'))
      const next = webSocket(port, keys.wallboard)
      await settled(10)
      holder.socket.terminate()
      expect(await next.told()).toBe('hello')
      expect(reached).toHaveLength(2)
    },
  )

  /** Whether the line is full by now: one more is refused at once. */
  async function exhausted(port: number, key: string): Promise<number> {
    const caller = new RawSocket(port, opened).ask(key)
    const answered = until(() => caller.closed || caller.received !== '')
    await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 100))])
    caller.socket.destroy()
    return caller.status === 429 ? 1 : 0
  }

  test.each(['FIN', 'RST'])(
    'whose caller hangs up (%s) after its admission gives the slot back',
    async (how) => {
      const { gate, keys } = gateWith()
      const { port } = await echoBehind(gate, opened)
      const caller = new RawSocket(port, opened).ask(keys.crm)
      await until(() => caller.received.includes('hello'))
      hangUp(caller, how)
      await until(() => isIdle(gate))
    },
  )

  test('whose socket fails harms no process, before its admission nor after, with no listener of the handler', async () => {
    const { gate, keys, told, answer } = slowGate()
    const sockets: Duplex[] = []
    const { port, server } = await upgradesBehind(gate, opened, (_, socket) => {
      switchProtocols(socket)
      sockets.push(socket)
    })
    server.on('upgrade', (_, socket) => sockets.push(socket))
    const before = new RawSocket(port, opened).ask(keys.crm)
    await until(() => answer.asked())
    sockets[0]!.destroy(new Error('before'))
    await until(() => before.closed)
    answer.give()
    await until(() => told.length > 0)
    expect(told[0]).toMatchObject({ name: 'abandoned' })
    const after = new RawSocket(port, opened).ask(keys.crm)
    await until(() => answer.asked() || after.received !== '')
    answer.give()
    await until(() => after.received.includes('101'))
    sockets.at(-1)!.destroy(new Error('after'))
    await until(() => isIdle(gate))
  })

  const throws = () => {
    throw new Error('handler')
  }
  const rejects = async () => {
    await Promise.resolve()
    throw new Error('handler')
  }
  test.each([throws, rejects])(
    'whose handler $name gives its slot back and closes its socket',
    async (handler) => {
      const { gate, keys, told } = gateWith()
      const { port } = await upgradesBehind(gate, opened, handler)
      const caller = new RawSocket(port, opened).ask(keys.crm)
      await until(() => caller.closed)
      await until(() => isIdle(gate))
      expect(caller.received).toBe('')
      expect(told).toContainEqual(expect.objectContaining({ name: 'warning', code: 'upgrade-failed' }))
    },
  )

  test('ended in the moment of its admission never reaches its handler', async () => {
    const { gate, keys } = gateWith()
    gate.on('admitted', ({ connection }) => void gate.end({ id: connection }, 'at once'))
    const { port, reached } = await echoBehind(gate, opened)
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => caller.closed)
    expect([reached.length, await gate.connections()]).toEqual([0, []])
  })

  test('is skipped where the gate is told so, and observed where it only observes', async () => {
    const skipping = gateWith({ skip: ({ upgrade }) => upgrade === 'websocket' })
    expect(await webSocket((await echoBehind(skipping.gate, opened)).port).told()).toBe('hello')
    const observing = gateWith({ mode: 'observe' })
    expect(await webSocket((await echoBehind(observing.gate, opened)).port).told()).toBe('hello')
    expect(observing.told).toMatchObject([
      { name: 'refused', reason: 'credentials-missing', enforced: false },
    ])
  })

  test('is guarded no more after the gate has been taken away; what is open stays counted', async () => {
    const { gate, keys } = gateWith()
    const { port, server, detach } = await echoBehind(gate, opened)
    const caller = webSocket(port, keys.crm)
    await caller.told()
    detach()
    detach()
    server.on('request', (_, res) => res.end('no upgrades here'))
    expect(server.listenerCount('upgrade')).toBe(0)
    const plain = new RawSocket(port, opened).ask(undefined)
    await until(() => plain.received.includes('no upgrades here'))
    expect(await gate.connections()).toHaveLength(1)
    await gate.end({}, 'over')
    await until(() => caller.closed)
  })

  test('over HTTP/2 (extended CONNECT) reaches no handler', async () => {
    const { gate, keys } = gateWith()
    const handler = vi.fn()
    const server = createHttp2Server(
      { settings: { enableConnectProtocol: true } },
      guardRequests(gate, handler) as never,
    )
    opened.add(server, () => server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    opened.add(session, () => session.destroy())
    await once(session, 'remoteSettings')
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/v1/realtime',
      authorization: `Bearer ${keys.crm}`,
    })
    stream.on('error', () => {})
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(headers[':status']).toBe(405)
    stream.destroy()
    expect([handler.mock.calls.length, await gate.connections()]).toEqual([0, []])
  })
})

function hangUp({ socket }: RawSocket, how: string): void {
  if (how === 'RST') socket.resetAndDestroy()
  else socket.destroy()
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}

/** A gate whose registry answers when the test says so. */
function slowGate(options: { limits?: Limits } = {}) {
  const accounts = twoAccounts()
  const waiting: (() => void)[] = []
  const registry: Registry = {
    findByDigest: (digest) =>
      new Promise<Registration | undefined>((resolve) =>
        waiting.push(() => resolve(accounts.registry.peekByDigest(digest))),
      ),
  }
  const set = gateWith({ registry, ...options, credentials: { timeoutMs: 60_000 } }, accounts)
  const answer = {
    asked: () => waiting.length > 0,
    give: () => waiting.splice(0).forEach((tell) => tell()),
  }
  return { ...set, answer }
}
