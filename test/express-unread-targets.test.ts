import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { connect, type AddressInfo } from 'node:net'
import { apiTerms } from '@api-terms/express'
import express5, { type RequestHandler } from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { gateWith } from '../packages/core/test/gate-setting.js'

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

  const answerTo = async (target: string) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${keys.crm}\r\nConnection: close\r\n\r\n`,
    )
    await once(socket, 'close')
    return answer
  }
  expect(await answerTo(UNREADABLE)).toMatch(/^HTTP\/1\.1 404 .*Cannot GET resource/s)
  expect([reached, told]).toEqual([[], []])
  expect(await answerTo('http://localhost/v1/calls')).toMatch(/^HTTP\/1\.1 200 /)
  expect(reached).toEqual(['before', 'handler'])
})
