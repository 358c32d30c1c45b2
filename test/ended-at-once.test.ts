import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { guardRequests } from '@api-terms/core/node'
import type { Registry } from '@api-terms/core'
import { gateWith, twoAccounts } from '../packages/core/test/gate-setting.js'
import { listening, Opened, until } from './upgrading.js'

const opened = new Opened()
afterEach(() => opened.close())

const { registry, ...accounts } = twoAccounts()
const slow: Registry = { findByDigest: (digest) => registry.findByDigest(digest) }

test.each([
  ['decided on the spot', registry],
  ['decided after a look-up', slow],
])('a request %s and ended in the same moment never reaches its handler', async (_, asked) => {
  const { gate, keys, told } = gateWith({ registry: asked }, { ...accounts, registry })
  gate.on('admitted', ({ connection }) => gate.end({ id: connection }, 'at once'))
  let reached = 0
  const server = createServer(
    guardRequests(gate, (_req, res) => {
      reached++
      res.end('well')
    }),
  )
  const port = await listening(server, opened)
  const failed = await fetch(`http://127.0.0.1:${port}/v1/calls`, {
    headers: { 'x-api-key': keys.crm },
  }).then(
    () => false,
    () => true,
  )
  await until(() => told.some(({ name }) => name === 'released'))
  expect([failed, reached, await gate.connections()]).toEqual([true, 0, []])
  expect(told.map(({ name }) => name)).toEqual(['admitted', 'released'])
})
