import { once } from 'node:events'
import { constants, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createGate, memoryRegistry } from '@api-terms/core'
import { termsAnswers } from '@api-terms/core/node'
import { answerOf, Http2Caller } from '../callers/http2.js'
import { RawCaller } from '../callers/raw.js'
import { apiOf, BY, FRAMEWORKS, slowLookup, TERMS_URL, told } from './setting.js'

// What HTTP asks of the router, whatever is asked of it.

const withKey = (key: string, ...more: [string, string][]): [string, string][] => [
  ['Authorization', `Bearer ${key}`],
  ...more,
]
const JSON_TYPE: [string, string] = ['Content-Type', 'application/json']

test.each(FRAMEWORKS)('2(c): a target in absolute form is the same target: %s', async (framework) => {
  const { client, port } = await apiOf({ framework })
  const key = await client('crm')
  const caller = await RawCaller.to(port)
  const answers: unknown[] = []
  for (const path of ['/terms', '/terms/account', '/terms/account?now', '/terms/usage']) {
    const { status, body } = await caller
      .ask('GET', `http://api.example${path}`, withKey(key, ['Host', 'api.example']))
      .answer()
    answers.push((JSON.parse(body) as { reason?: string }).reason ?? status)
  }
  expect(answers).toEqual([200, 200, 200, 'path-not-documented'])
})

test('4(a)5: who hangs up while its key is looked up leaves no place taken', async () => {
  const { ask, client, port } = await apiOf({ lookup: slowLookup, options: { credentials: { cacheMs: 0 } } })
  const key = await client('crm')
  const callers = await Promise.all(Array.from({ length: 4 }, () => RawCaller.to(port)))
  for (const caller of callers)
    caller.ask('POST', '/terms/acceptances', withKey(key, JSON_TYPE, ['Content-Length', '50']), '{')
  await new Promise((resolve) => setTimeout(resolve, 15))
  for (const { socket } of callers) socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await told(ask(key, '/terms'))).toBe(200)
})

test.each(['GET', 'HEAD', 'POST'])(
  '4(a)5: content that never ends is not waited for by an answer that needs none, and ends the connection: %s',
  async (method) => {
    const { client, port } = await apiOf()
    const caller = await RawCaller.to(port)
    const fields = withKey(await client('crm'), JSON_TYPE, ['Transfer-Encoding', 'chunked'])
    const path = method === 'POST' ? '/terms/other' : '/terms'
    caller.ask(method, path, fields).send('5', 'abcde', '')
    const { status, fields: answered } = await caller.answer(method)
    expect([status, answered.connection]).toEqual([method === 'POST' ? 404 : 200, ['close']])
    await caller.closed
  },
)

test('an answer to content that has come whole keeps the connection', async () => {
  const { client, port } = await apiOf({ lookup: slowLookup, options: { credentials: { cacheMs: 0 } } })
  const key = await client('crm')
  const caller = await RawCaller.to(port)
  for (let times = 0; times < 2; times++) {
    const { status, fields } = await caller.ask('GET', '/terms', withKey(key), 'content').answer()
    expect([status, fields.connection]).toEqual([200, ['keep-alive']])
  }
})

test('4(a)5: content is called for once it is decided that it will be read, and not before', async () => {
  const { client, port } = await apiOf({ lookup: slowLookup })
  const key = await client('crm')
  const length: [string, string] = ['Content-Length', '50']
  const requests: [string, [string, string][]][] = [
    ['/terms/acceptances', withKey(key.slice(0, -1), JSON_TYPE, length)],
    ['/terms/acceptances', withKey(key, ['Content-Type', 'text/plain'], length)],
    ['/terms/acceptances', withKey(key, JSON_TYPE, ['Content-Length', '9999'])],
    ['/terms/account', withKey(key, JSON_TYPE, length)],
  ]
  const answers = await Promise.all(
    requests.map(async ([path, fields]) => {
      const caller = await RawCaller.to(port)
      const { interim, status } = await caller
        .ask('POST', path, [...fields, ['Expect', '100-continue']])
        .answer()
      return [...interim, status]
    }),
  )
  expect(answers).toEqual([[401], [415], [413], [405]])
  const caller = await RawCaller.to(port)
  caller.ask(
    'POST',
    '/terms/acceptances',
    withKey(key, JSON_TYPE, ['Content-Length', '2'], ['Expect', '100-continue']),
  )
  await caller.until((text) => text.includes('100 Continue') || undefined)
  expect(await caller.send('[]').answer()).toMatchObject({ interim: [100], status: 400 })
})

test('1(a), 4(a)5: over HTTP/2 a client accepts, is answered to too much content, and may hang up', async () => {
  const registry = memoryRegistry()
  await registry.registerAccount({ id: 'acme', ...BY })
  await registry.registerClient({ id: 'crm', account: 'acme', ...BY })
  const { key } = await registry.issueKey({ client: 'crm', ...BY })
  const versions = [{ version: '2026-01', effectiveAt: new Date('2026-01-01') }]
  const gate = createGate({ terms: { url: TERMS_URL, versions }, registry: slowLookup(registry) })
  const router = termsAnswers({ gate, registry })
  const server = createServer((req, res) => void router(req, res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const caller = await Http2Caller.to((server.address() as AddressInfo).port)
  onTestFinished(async () => {
    caller.close()
    server.close()
    await gate.close()
  })
  const accept = (body: string | null) => caller.open('POST', '/acceptances', withKey(key, JSON_TYPE), body)
  const leaving = Array.from({ length: 4 }, () => accept(null))
  for (const stream of leaving) stream.write('{')
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const stream of leaving) stream.close(constants.NGHTTP2_CANCEL)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const answers = [
    await answerOf(accept('{"version":"2026-01","by":"Ada Acme","entity":"Acme Ltd"}')),
    await answerOf(accept('x'.repeat(5000))),
    await answerOf(caller.open('GET', '/account', withKey(key))),
  ]
  expect(answers.map(({ status }) => status)).toEqual([201, 413, 200])
})
