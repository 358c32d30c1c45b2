import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as passed } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { OVER } from './over-tls.js'
import { Opened, switchProtocols } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** A caller of a server, and all that it receives. */
async function calling(over: keyof typeof OVER, server: Server, key: string, fields = '', body = '') {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket: Socket = OVER[over].connect((server.address() as AddressInfo).port)
  opened.add(socket, (open) => open.destroy())
  const caller = { socket, received: 0, closed: false }
  socket.on('error', () => {})
  socket.on('close', () => (caller.closed = true))
  socket.on('data', (chunk: Buffer) => (caller.received += chunk.length))
  const method = body === '' ? 'GET' : 'POST'
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
  socket.write(
    `${method} /v1/calls HTTP/1.1\r\nHost: api\r\nX-API-Key: ${key}\r\n${fields}${length}\r\n${body}`,
  )
  return caller
}

describe.each(['TCP', 'TLS'] as const)('over %s', (over) => {
  test('a socket that is shutting down by itself closes all the same as it is cut off', async () => {
    const { gate, keys } = gateWith()
    const server = OVER[over].server()
    const sockets: Duplex[] = []
    guardUpgrades(gate, server, (_req, socket) => {
      switchProtocols(socket)
      sockets.push(socket)
    })
    const caller = await calling(over, server, keys.crm, UPGRADE)
    await expect.poll(() => caller.received).toBeGreaterThan(0)
    const faults: unknown[] = []
    sockets[0]!.on('error', (error) => faults.push(error))
    const closed = new Promise((resolve) => sockets[0]!.once('close', () => resolve('closed')))
    sockets[0]!.end('bye')
    await gate.close()
    expect(await Promise.race([closed, passed(2000, 'left open')])).toBe('closed')
    expect(faults).toEqual([])
    const isDown = new Promise((resolve) => server.close(() => resolve('down')))
    expect(await Promise.race([isDown, passed(2000, 'up')])).toBe('down')
  })

  test.each<[string, (end: () => void, res: ServerResponse) => void]>([
    ['in its handler', (end) => end()],
    ['in its handler, as it has been answered', (end, res) => (res.end('well'), end())],
    ['as its content comes', (end, res) => res.req.on('data', end)],
    ['in the next turn', (end) => setImmediate(end)],
  ])('what is ended %s leaves a server that can be closed', async (_, when) => {
    const { gate, keys } = gateWith()
    const server = OVER[over].server()
    server.on(
      'request',
      guardRequests(gate, (_req, res) => when(() => void gate.end({}, 'over'), res)),
    )
    const caller = await calling(over, server, keys.crm, '', 'abc')
    await expect.poll(() => caller.closed).toBe(true)
    const isDown = new Promise((resolve) => server.close(() => resolve('down')))
    server.closeAllConnections()
    expect(await Promise.race([isDown, passed(2000, 'up')])).toBe('down')
    expect(await gate.connections()).toEqual([])
  })

  test('an answer that has been given whole is not cut, though its gate is closed in the same moment', async () => {
    const { gate, keys } = gateWith()
    const server = OVER[over].server()
    const body = 'x'.repeat(300_000)
    server.on(
      'request',
      guardRequests(gate, (_req, res) => {
        res.setHeader('Content-Length', body.length)
        res.end(body)
        if (res.socket!.writableLength === 0) void gate.close()
        else res.on('finish', () => void gate.close())
      }),
    )
    const caller = await calling(over, server, keys.crm)
    await expect.poll(() => caller.received).toBeGreaterThan(body.length)
    server.close()
  })

  test('what is ended as it is admitted reaches no handler', async () => {
    const { gate, keys } = gateWith()
    gate.on('admitted', () => void gate.end({}, 'at once'))
    let reached = 0
    const server = OVER[over].server()
    server.on(
      'request',
      guardRequests(gate, () => void reached++),
    )
    guardUpgrades(gate, server, () => void reached++)
    for (const fields of ['', UPGRADE]) {
      const caller = await calling(over, server, keys.crm, fields)
      await expect.poll(() => caller.closed).toBe(true)
      server.close()
      server.closeAllConnections()
    }
    expect([reached, await gate.connections()]).toEqual([0, []])
  })
})
