import { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import express5 from 'express'
import Koa3 from 'koa'
import serverless from 'serverless-http'
import { describe, expect, test, vi } from 'vitest'
import type { Gate } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { apiTerms } from '@api-terms/express'
import { apiTerms as koaTerms } from '@api-terms/koa'
import { gateWith } from '../packages/core/test/gate-setting.js'

const require = createRequire(import.meta.url)
const express4 = require('express4') as typeof express5
const Koa2 = require('koa2') as typeof Koa3

const expressApp = (express: typeof express5) => (gate: Gate) => {
  const app = express().use(apiTerms(gate))
  app.get('/v1/calls', (_req, res) => void res.json({ well: true }))
  return app
}
const koaApp = (Koa: typeof Koa3) => (gate: Gate) => {
  const app = new Koa()
  app.use(koaTerms(gate)).use((ctx) => void (ctx.body = { well: true }))
  return app
}

const APPS = {
  'Express 4': expressApp(express4),
  'Express 5': expressApp(express5),
  'Koa 2': koaApp(Koa2),
  'Koa 3': koaApp(Koa3),
} as const

interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** As functions in a cloud are called: an event comes in, an answer goes back, and there is no server of Node. */
describe.each(Object.entries(APPS))('%s in a function without a server', (_, appOf) => {
  const calling = (gate: Gate) => {
    const call = serverless(appOf(gate) as never)
    return async (key?: string) => {
      const headers = { host: 'api.test', ...(key && { authorization: `Bearer ${key}` }) }
      const event = { httpMethod: 'GET', path: '/v1/calls', headers, requestContext: { identity: {} } }
      return (await call(event, {})) as Answer
    }
  }

  test('answers are stamped', async () => {
    const { gate, keys } = gateWith()
    const { statusCode, headers, body } = await calling(gate)(keys.crm)
    expect([statusCode, JSON.parse(body)]).toEqual([200, { well: true }])
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      link: '<https://provider.example/terms>; rel="terms-of-service"',
      ratelimit: '"read";r=9',
    })
    expect(headers['vary']).toMatch(/Authorization/)
  })

  test('refusals have their fields', async () => {
    const { gate } = gateWith()
    const { statusCode, headers, body } = await calling(gate)()
    expect([statusCode, JSON.parse(body)]).toMatchObject([401, { reason: 'credentials-missing' }])
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    })
  })

  test('slots are given back', async () => {
    const { gate, keys } = gateWith({ limits: { read: 1 } })
    const call = calling(gate)
    for (let times = 0; times < 3; times++) expect((await call(keys.crm)).statusCode).toBe(200)
    await vi.waitUntil(async () => (await gate.connections()).length === 0)
  })
})

test('a response that finishes and never closes gives its slot back', async () => {
  const { gate, keys } = gateWith({ limits: { read: 1 } })
  const listener = guardRequests(gate, (_req, res) => res.end('well'))
  for (let times = 0; times < 3; times++) {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }) as Socket
    const req = new IncomingMessage(socket)
    Object.assign(req, { method: 'GET', url: '/v1/calls', headers: { 'x-api-key': keys.crm } })
    req.rawHeaders = Object.entries(req.headers).flat() as string[]
    const res = new ServerResponse(req)
    res.assignSocket(socket)
    const finished = new Promise((resolve) => res.once('finish', resolve))
    listener(req, res)
    await finished
    expect([res.statusCode, await gate.connections()]).toEqual([200, []])
  }
})
