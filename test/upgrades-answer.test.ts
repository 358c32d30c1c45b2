import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { GateOptions } from '@api-terms/core'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { echoBehind, Opened, RawSocket, TestSocket, until, upgradesBehind } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const LINK = '<https://provider.example/terms>; rel="terms-of-service"'

/** What a WebSocket is answered with as it is taken up, and whether it works. */
async function answered(options: Partial<GateOptions>) {
  const { gate, keys } = gateWith(options)
  const { port } = await echoBehind(gate, opened)
  const caller = new TestSocket(`ws://127.0.0.1:${port}/v1/realtime`, keys.crm, opened)
  caller.socket.on('open', () => caller.socket.send('ping'))
  const [{ headers }] = (await once(caller.socket, 'upgrade')) as [IncomingMessage]
  await until(() => caller.messages.length === 2)
  expect(caller.messages).toEqual(['hello', 'ping'])
  return headers
}

describe('the answer that takes up an upgrade', () => {
  test('links to the Terms, and tells the limit', async () => {
    const headers = await answered({})
    expect(headers).toMatchObject({
      upgrade: 'websocket',
      link: LINK,
      'ratelimit-policy': '"read";q=10;qu="concurrent-requests"',
      ratelimit: '"read";r=9',
    })
    // RFC 9111 §3: only final answers are kept.
    expect(headers).not.toHaveProperty('cache-control')
    expect(headers).not.toHaveProperty('vary')
  })

  test('links to the licence of the content that comes', async () => {
    const url = 'https://provider.example/terms'
    const headers = await answered({ terms: { url, licence: 'https://provider.example/licence' } })
    expect(headers.link).toBe(`${LINK}, <https://provider.example/licence>; rel="license"`)
  })

  test('is left as it is in observe mode, and where the gate is skipped', async () => {
    for (const options of [{ mode: 'observe' }, { skip: () => true }] as const) {
      const headers = await answered(options)
      expect(headers).not.toHaveProperty('link')
      expect(headers).not.toHaveProperty('ratelimit')
    }
  })

  test.each([
    ['as text', (socket: Duplex, head: string) => socket.write(head)],
    ['as text of another encoding', (socket: Duplex, head: string) => socket.write(head, 'latin1')],
    ['as bytes', (socket: Duplex, head: string) => socket.write(Buffer.from(head))],
    [
      'as it is corked',
      (socket: Duplex, head: string) => (socket.cork(), socket.write(head), socket.uncork()),
    ],
    [
      'in pieces',
      (socket: Duplex, head: string) => [...head.split(/(?<=\n)/)].map((line) => socket.write(line)),
    ],
  ])('is found however it is written: %s', async (_, write) => {
    const { gate, keys } = gateWith()
    const own = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nLink: </docs>; rel="help"\r\n\r\n'
    const { port } = await upgradesBehind(gate, opened, (_req, socket) => {
      write(socket, own)
      socket.write('HTTP/1.1 101 is no head here\r\n')
    })
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => caller.received.endsWith('here\r\n'))
    const [head, body] = caller.received.split('\r\n\r\n')
    expect(head!.split('\r\n').toSorted()).toEqual([
      'Connection: Upgrade',
      'HTTP/1.1 101 Switching Protocols',
      'Link: </docs>; rel="help"',
      `Link: ${LINK}`,
      'RateLimit-Policy: "read";q=10;qu="concurrent-requests"',
      'RateLimit: "read";r=9',
    ])
    expect(body).toBe('HTTP/1.1 101 is no head here\r\n')
  })

  test('is found behind a function that the handler puts in the place of write, which goes on being called', async () => {
    const { gate, keys } = gateWith()
    const seen: string[] = []
    const { port } = await upgradesBehind(gate, opened, (_req, socket) => {
      const { write } = socket
      socket.write = ((chunk: string) => {
        seen.push(chunk)
        return (write as (text: string) => boolean).call(socket, chunk)
      }) as Duplex['write']
      for (const piece of ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'one', 'two']) socket.write(piece)
    })
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => caller.received.endsWith('onetwo'))
    expect(caller.received).toContain(`\r\nLink: ${LINK}\r\n`)
    expect(seen).toHaveLength(3)
  })

  test('of another kind is not changed', async () => {
    const { gate, keys } = gateWith()
    const { port } = await upgradesBehind(gate, opened, (_req, socket) =>
      socket.end('HTTP/1.1 426 No\r\n\r\n'),
    )
    const caller = new RawSocket(port, opened).ask(keys.crm)
    await until(() => caller.closed)
    expect(caller.received).toBe('HTTP/1.1 426 No\r\n\r\n')
    const bare = gateWith()
    const raw = await upgradesBehind(bare.gate, opened, (_req, socket) => socket.write('no head at all'))
    const other = new RawSocket(raw.port, opened).ask(bare.keys.crm)
    await until(() => other.received.length > 0)
    expect(other.received).toBe('no head at all')
  })
})
