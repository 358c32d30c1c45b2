import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { apiTerms } from '@api-terms/express'
import { gateWith, twoAccounts } from '../packages/core/test/gate-setting.js'
import { nginxConfig, runNginx } from './caches/nginx.js'
import { textOf } from './docs/blocks.js'
import { echoBehind, Opened } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

/** The block of the README, before the app at this port. */
function locationBefore(port: number): string {
  const [, block] = /^```nginx\n(.*?)^```$/ms.exec(textOf('README.md')) ?? []
  return block!.replace('127.0.0.1:3000', `127.0.0.1:${port}`)
}

/** An app behind nginx, as the README sets it up. */
async function behindNginx(options: Parameters<typeof gateWith>[0], networks?: string[]) {
  const set = gateWith(
    { ...options, requests: { ...options?.requests, trustedProxies: ['loopback'] } },
    twoAccounts(networks ? { client: { networks } } : {}),
  )
  const app = express().use(apiTerms(set.gate))
  app.get('/v1/calls', (_req, res) => void res.json([]))
  app.get('/v1/events', (_req, res) => void res.type('text/event-stream').write('data: hello\n\n'))
  const { port } = await echoBehind(set.gate, opened, createServer(app))
  const before = await freePort()
  const listen = (folder: string) => `listen 127.0.0.1:${before}; listen unix:${folder}/ready;`
  const nginx = await runNginx(
    (folder) => nginxConfig(folder, `server { ${listen(folder)} ${locationBefore(port)} }`),
    ['ready'],
  )
  opened.add(nginx, (running) => running.stop())
  const get = async (path: string, fields: Record<string, string> = {}) => {
    const headers = { authorization: `Bearer ${set.keys.crm}`, ...fields }
    const [res] = (await once(request({ port: before, path, headers }).end(), 'response')) as [
      IncomingMessage,
    ]
    opened.add(res, (open) => open.destroy())
    return res
  }
  return { ...set, get, port: before }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

test('behind nginx, as the README sets it up, a stream comes as it is written, and ends as its reader leaves', async () => {
  const { gate, get } = await behindNginx({})
  const stream = await get('/v1/events')
  expect(String(((await once(stream, 'data')) as [Buffer])[0])).toBe('data: hello\n\n')
  expect(await gate.connections()).toHaveLength(1)
  stream.destroy()
  await expect.poll(() => gate.connections()).toEqual([])
})

test('a WebSocket goes through', async () => {
  const { gate, keys, port } = await behindNginx({})
  const headers = { authorization: `Bearer ${keys.crm}` }
  const socket = opened.add(new WebSocket(`ws://127.0.0.1:${port}/v1/realtime`, { headers }), (open) =>
    open.terminate(),
  )
  expect(String(((await once(socket, 'message')) as [Buffer])[0])).toBe('hello')
  expect(await gate.connections()).toHaveLength(1)
})

test('the gate is told where callers come from, and whether they used TLS', async () => {
  const networks = await behindNginx({}, ['192.0.2.0/24'])
  const statusFrom = async (address: string) =>
    (await networks.get('/v1/calls', { 'x-forwarded-for': `${address}, 127.0.0.1` })).statusCode
  expect([await statusFrom('192.0.2.7'), await statusFrom('203.0.113.7')]).toEqual([200, 403])
  const secure = await behindNginx({ requests: { https: true } })
  // What a caller says of it does not count.
  expect((await secure.get('/v1/calls', { 'x-forwarded-proto': 'https' })).statusCode).toBe(403)
})
