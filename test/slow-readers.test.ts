import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as passed } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { listening, Opened, switchProtocols } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const psk = Buffer.alloc(16, 7)
const tls = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const
const overHttp = { server: () => createHttpServer(), connect: (port: number) => connect(port, '127.0.0.1') }
const overTls = {
  server: () => createHttpsServer({ ...tls, pskCallback: () => psk }),
  connect: (port: number) =>
    connectTls({
      ...tls,
      port,
      host: '127.0.0.1',
      pskCallback: () => ({ psk, identity: 'caller' }),
      checkServerIdentity: () => undefined,
    }),
}

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
  ['a stream', overHttp, ''],
  ['a stream over TLS', overTls, ''],
  ['a WebSocket', overHttp, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ['a WebSocket over TLS', overTls, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
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
