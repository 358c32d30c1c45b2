import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { RawCaller } from './callers/raw.js'
import { listening, Opened, switchProtocols } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

test.each(['refused', 'admitted'])(
  'an upgrade that is %s does not get before the answers that are owed on its connection (RFC 9112 §9.3.2)',
  async (how) => {
    const { gate, keys } = gateWith()
    const held: ServerResponse[] = []
    const server = createServer(guardRequests(gate, (_req, res) => held.push(res)))
    guardUpgrades(gate, server, (_req, socket) => switchProtocols(socket))
    const caller = opened.add(await RawCaller.to(await listening(server, opened)), ({ socket }) =>
      socket.destroy(),
    )
    const key = ['X-API-Key', keys.crm] as const
    caller.ask('GET', '/v1/calls', [key])
    await expect.poll(() => held.length).toBe(1)
    const credential = how === 'admitted' ? [key] : []
    caller.ask('GET', '/v1/realtime', [...credential, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']])
    await caller.closed
    expect(caller.unread).toBe('')
    await passed(0)
    expect(await gate.connections()).toEqual([])
  },
)

test('an upgrade waits for answers that have been given and are on their way, and comes before none that is owed behind them', async () => {
  const { gate, keys } = gateWith()
  const held: ServerResponse[] = []
  const server = createServer(
    guardRequests(gate, (req, res) => (req.url === '/v1/owed' ? void held.push(res) : void res.end('given'))),
  )
  guardUpgrades(gate, server, (_req, socket) => switchProtocols(socket))
  const port = await listening(server, opened)
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
  const ask = (path: string, fields: string[] = []) =>
    [`GET ${path} HTTP/1.1`, 'Host: api', `X-API-Key: ${keys.crm}`, ...fields, '', ''].join('\r\n')
  for (const [between, isTaken] of [
    ['/v1/given', true],
    ['/v1/owed', false],
  ] as const) {
    const caller = opened.add(await RawCaller.to(port), ({ socket }) => socket.destroy())
    caller.send(ask('/v1/given') + ask(between) + ask('/v1/realtime', upgrade))
    if (isTaken) await expect.poll(() => caller.unread).toContain('HTTP/1.1 101')
    else await caller.closed
    expect(caller.unread.match(/HTTP\/1\.1 \d+/g)).toEqual(
      isTaken ? ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 101'] : ['HTTP/1.1 200'],
    )
  }
})

test('a head that could not be written leaves nothing behind for the next', async () => {
  const { gate, keys } = gateWith()
  const server = createServer(
    guardRequests(gate, (_req, res) => {
      try {
        res.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': 5000, 'X-Title': '\u2603' })
      } catch {
        res.writeHead(500, { 'X-Code': '1' }).end('failed')
      }
    }),
  )
  const port = await listening(server, opened)
  const answer = await fetch(`http://127.0.0.1:${port}/v1/calls`, { headers: { 'x-api-key': keys.crm } })
  expect([answer.status, answer.headers.get('x-code'), answer.headers.get('content-encoding')]).toEqual([
    500,
    '1',
    null,
  ])
  expect(await answer.text()).toBe('failed')
})

test('fields given to a head twice are sent twice, and a list of names without a value is refused, as without the gate', async () => {
  const { gate, keys } = gateWith()
  const faults: unknown[] = []
  const server = createServer(
    guardRequests(gate, (req, res) => {
      if (req.url === '/v1/twice') return void res.writeHead(200, { 'X-A': '1', 'x-a': '2' }).end()
      try {
        res.writeHead(200, ['X-A', '1', 'X-B'])
      } catch (error) {
        faults.push((error as { code?: string }).code)
      }
      return void res.end()
    }),
  )
  const port = await listening(server, opened)
  const caller = opened.add(await RawCaller.to(port), ({ socket }) => socket.destroy())
  const twice = await caller.ask('GET', '/v1/twice', [['X-API-Key', keys.crm]]).answer()
  expect(twice.fields['x-a']).toEqual(['1', '2'])
  await caller.ask('GET', '/v1/odd', [['X-API-Key', keys.crm]]).answer()
  expect(faults).toEqual(['ERR_INVALID_ARG_VALUE'])
})
