import { createServer } from 'node:http'
import { Server as Engine } from 'engine.io'
import express from 'express'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import { afterEach, describe, expect, test } from 'vitest'
import type { Gate } from '@api-terms/core'
import { guardUpgrades } from '@api-terms/core/node'
import { apiTerms } from '@api-terms/express'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { listening, Opened, until } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

type Transport = 'websocket' | 'polling'

/** Socket.IO with its engine attached by hand: its polling behind the middleware, its upgrades behind the guard. */
async function socketIoBehind(gate: Gate): Promise<number> {
  const engine = opened.add(new Engine(), (all) => all.close())
  const sockets = new SocketServer()
  sockets.bind(engine)
  sockets.on('connection', (socket) => {
    socket.on('echo', (text: string) => socket.emit('echoed', text))
  })
  const app = express()
  app.use('/socket.io', apiTerms(gate), (req, res) => engine.handleRequest(req as never, res))
  const server = createServer(app)
  guardUpgrades(gate, server, (req, socket, head) => engine.handleUpgrade(req, socket, head))
  return listening(server, opened)
}

function connectTo(port: number, key: string | undefined, transports: Transport[]) {
  const extraHeaders: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const options = { transports, extraHeaders, reconnection: false, forceNew: true }
  const socket = opened.add(io(`http://127.0.0.1:${port}`, options), (one) => one.close())
  const caller = { socket, echoed: [] as string[], failed: false }
  socket.on('echoed', (text: string) => caller.echoed.push(text))
  socket.on('connect_error', () => (caller.failed = true))
  return caller
}

const isIdle = async (gate: Gate) => (await gate.connections()).length === 0

describe('Socket.IO', () => {
  test.each<[string, Transport[]]>([
    ['over WebSockets', ['websocket']],
    ['by polling', ['polling']],
    ['by polling first and a WebSocket then', ['polling', 'websocket']],
  ])('talks %s, and holds nothing once it has gone', async (_, transports) => {
    const { gate, keys, told } = gateWith()
    const { socket, echoed } = connectTo(await socketIoBehind(gate), keys.crm, transports)
    for (let i = 0; i < 5; i++) {
      socket.emit('echo', `ping ${i}`)
      await until(() => echoed.length === i + 1)
    }
    expect(echoed).toEqual([0, 1, 2, 3, 4].map((i) => `ping ${i}`))
    if (transports.includes('websocket')) {
      await until(() => socket.io.engine.transport.name === 'websocket')
      await until(async () => (await gate.connections()).length === 1)
    }
    socket.close()
    await until(() => isIdle(gate))
    expect(told.filter(({ name }) => name === 'refused' || name === 'warning')).toEqual([])
    const counts = ['admitted', 'released'].map((each) => told.filter(({ name }) => name === each).length)
    expect(counts[0]).toBe(counts[1])
  })

  test.each<[string, Transport[]]>([
    ['over WebSockets', ['websocket']],
    ['by polling', ['polling']],
  ])('without a credential does not connect %s', async (_, transports) => {
    const { gate, told } = gateWith()
    const caller = connectTo(await socketIoBehind(gate), undefined, transports)
    await until(() => caller.failed)
    expect(told).toMatchObject([{ name: 'refused', reason: 'credentials-missing' }])
  })

  test('counts one connection per WebSocket, up to the limit, and gate.end disconnects', async () => {
    const { gate, keys } = gateWith({ limits: { read: 1 } })
    const port = await socketIoBehind(gate)
    const first = connectTo(port, keys.crm, ['websocket'])
    await until(() => first.socket.connected)
    const second = connectTo(port, keys.wallboard, ['websocket'])
    await until(() => second.failed)
    expect(await gate.connections()).toHaveLength(1)
    await gate.end({ account: 'acme' }, 'over')
    await until(() => first.socket.disconnected)
    expect(await isIdle(gate)).toBe(true)
  })

  test('attached to the server by itself is warned of', async () => {
    const { gate, keys, told } = gateWith()
    const app = express()
    app.use(apiTerms(gate), (_, res) => res.end())
    const server = createServer(app)
    opened.add(new SocketServer(server), (all) => all.close())
    const port = await listening(server, opened)
    await fetch(`http://127.0.0.1:${port}/v1/calls`, { headers: { 'x-api-key': keys.crm } })
    expect(told.filter(({ name }) => name === 'warning')).toMatchObject([{ code: 'upgrades-unguarded' }])
  })
})
