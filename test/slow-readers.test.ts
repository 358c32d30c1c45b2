import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as passed } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { OVER } from './over-tls.js'
import { listening, Opened, switchProtocols } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

/** As much as the other side takes. */
function pour(into: Writable): void {
  const piece = Buffer.alloc(65_536, 97)
  const more = () => {
    while (!into.destroyed && into.write(piece));
  }
  into.on('drain', more)
  more()
}

/** Takes a piece in eighty milliseconds. */
function readSlowly(socket: Socket): void {
  socket.on('error', () => {})
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), 80)
  })
}

test.each([
  ['a stream', OVER.TCP, ''],
  ['a stream over TLS', OVER.TLS, ''],
  ['a WebSocket', OVER.TCP, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ['a WebSocket over TLS', OVER.TLS, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
] as const)(
  '3(a): %s of a slow reader is ended as its account is suspended, whatever the system had yet to send',
  async (_, { server: make, connect: call }, fields) => {
    const { gate, keys, registry } = gateWith()
    const server: Server = make()
    server.on(
      'request',
      guardRequests(gate, (_req, res) => pour(res)),
    )
    guardUpgrades(gate, server, (_req, socket) => {
      switchProtocols(socket)
      pour(socket)
    })
    const socket = opened.add(call(await listening(server, opened)), (open) => open.destroy())
    readSlowly(socket)
    socket.write(`GET /v1/realtime HTTP/1.1\r\nHost: api\r\nX-API-Key: ${keys.crm}\r\n${fields}\r\n`)
    await once(socket, 'data')
    await passed(500)
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')))
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    // What the reader's own side has taken in by now it may read all the same: that takes a second or two, not ten.
    expect(await Promise.race([closed, passed(4000, 'reading on')])).toBe('closed')
    expect(await gate.connections()).toEqual([])
  },
)
