import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { apiTerms } from '@api-terms/express'
import express5, { type RequestHandler } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { gateWith } from '../packages/core/test/gate-setting.js'
import { RawCaller } from './callers/raw.js'

const express4 = createRequire(import.meta.url)('express4') as typeof express5

/** What stands before the host is taken apart by `url.parse`, which throws. */
const UNREADABLE = 'http://half%zz@localhost/v1/calls'

test.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('a target that %s cannot read reaches no handler, and no middleware either', async (_name, express) => {
  const { gate, keys, told } = gateWith()
  const reached: string[] = []
  const noting =
    (where: string): RequestHandler =>
    (_req, res, next) => {
      reached.push(where)
      if (where === 'handler') res.end()
      else next()
    }
  const app = express()
  app.use(noting('before'), apiTerms(gate), noting('handler'))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())

  const fields = [
    ['Host', 'localhost'],
    ['X-API-Key', keys.crm],
  ] as const
  const caller = await RawCaller.to((server.address() as AddressInfo).port)
  onTestFinished(() => void caller.socket.destroy())
  const answerTo = (target: string) => caller.ask('GET', target, fields).answer()

  expect(await answerTo(UNREADABLE)).toMatchObject({
    status: 404,
    body: expect.stringContaining('Cannot GET resource') as string,
  })
  expect([reached, told]).toEqual([[], []])
  expect(await answerTo('http://localhost/v1/calls')).toMatchObject({ status: 200 })
  expect(reached).toEqual(['before', 'handler'])
})
