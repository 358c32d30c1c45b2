import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { request } from 'undici'
import { bearer } from '../callers/ask.js'
import { RawCaller } from '../callers/raw.js'
import { KEYS, registry } from './accounts.js'
import { http1 } from './case.js'
import type { Scenario } from './scenario.js'

const EXPECTING = [
  ['Expect', '100-continue'],
  ['Content-Length', '5'],
] as const
const KEY = bearer('acme')

/** Says what was sent. */
const echo = {
  '/v1/echo': {
    async does({ req, res }: { req: NodeJS.ReadableStream; res: { end(text: string): unknown } }) {
      let text = ''
      for await (const chunk of req) text += String(chunk)
      res.end(text)
    },
  },
} as unknown as NonNullable<Scenario['handlers']>

const CASES: readonly Scenario[] = [
  {
    id: 'expect-refused',
    basis: 'RFC 9110 §10.1.1',
    title: 'a refusal comes instead of the 100, before the body is sent, and ends the connection',
    async play({ running }) {
      const caller = await RawCaller.to(running.port)
      const refused = await caller.ask('POST', '/v1/echo', EXPECTING).answer()
      expect([refused.status, refused.interim, refused.fields.connection]).toEqual([401, [], ['close']])
      await caller.closed
      expect(caller.unread).toBe('')
    },
  },
  {
    id: 'expect-admitted',
    basis: 'RFC 9110 §10.1.1',
    title: 'who is admitted gets exactly one 100, then sends the body, then gets the answer',
    handlers: echo,
    async play({ running }) {
      const caller = await RawCaller.to(running.port)
      caller.ask('POST', '/v1/echo', [KEY, ...EXPECTING])
      await caller.until((text) => text.includes('\r\n\r\n') || undefined)
      expect(caller.unread).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      const answer = await caller.send('hello').answer()
      expect([answer.status, answer.interim, answer.body]).toEqual([200, [100], 'hello'])
      caller.socket.destroy()
    },
  },
  {
    id: 'expect-while-looking-up',
    basis: 'RFC 9110 §10.1.1',
    title: 'while the registry is asked there is no 100; it comes with the admission',
    options: () => {
      const { findByDigest } = registry()
      return { registry: { findByDigest: (digest) => pause(30).then(() => findByDigest(digest)) } }
    },
    handlers: echo,
    async play({ running }) {
      const refusedCaller = await RawCaller.to(running.port)
      const refused = await refusedCaller.ask('POST', '/v1/echo', [bearer('stranger'), ...EXPECTING]).answer()
      expect([refused.status, refused.interim]).toEqual([401, []])
      const caller = await RawCaller.to(running.port)
      caller.ask('POST', '/v1/echo', [KEY, ...EXPECTING])
      await caller.until((text) => text.includes('100 Continue') || undefined)
      const answer = await caller.send('hello').answer()
      expect([answer.status, answer.interim, answer.body]).toEqual([200, [100], 'hello'])
      caller.socket.destroy()
    },
  },
  {
    id: 'expect-own-listener',
    basis: 'RFC 9110 §10.1.1',
    title: 'a server with a listener of its own for it decides by itself when to say 100',
    handlers: echo,
    async play({ running }) {
      let asked = 0
      running.server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
        asked++
        if (req.headers.authorization) res.writeContinue()
        running.server.emit('request', req, res)
      })
      const caller = await RawCaller.to(running.port)
      const answer = await caller.ask('POST', '/v1/echo', [KEY, ...EXPECTING], 'hello').answer()
      expect([answer.status, answer.interim, answer.body]).toEqual([200, [100], 'hello'])
      caller.socket.destroy()
      const other = await RawCaller.to(running.port)
      const refused = await other.ask('POST', '/v1/echo', EXPECTING).answer()
      expect([refused.status, refused.interim, asked]).toEqual([401, [], 2])
      other.socket.destroy()
    },
  },
  {
    id: 'expect-without-gate',
    basis: 'RFC 9110 §10.1.1',
    title: 'a request that passes no gate gets its 100 all the same, once',
    setup: { mount: 'nowhere' },
    handlers: echo,
    async play({ running }) {
      const caller = await RawCaller.to(running.port)
      caller.ask('POST', '/v1/echo', EXPECTING)
      await caller.until((text) => text.includes('100 Continue') || undefined)
      const answer = await caller.send('hello').answer()
      expect([answer.status, answer.interim, answer.body]).toEqual([200, [100], 'hello'])
      caller.socket.destroy()
    },
  },
  {
    id: 'pipelined-in-order',
    basis: 'RFC 9112 §9.3.2',
    title: 'pipelined requests, some of them refused, are answered in their order on one connection',
    async play({ running }) {
      const caller = await RawCaller.to(running.port)
      caller.ask('GET', '/v1/stream', [KEY]).ask('GET', '/v1/json', []).ask('HEAD', '/v1/json', [])
      caller.ask('GET', '/v1/json', [KEY])
      const answers = [
        await caller.answer(),
        await caller.answer(),
        await caller.answer('HEAD'),
        await caller.answer(),
      ]
      expect(answers.map(({ status, fields }) => [status, fields.connection])).toEqual(
        [200, 401, 401, 200].map((status) => [status, ['keep-alive']]),
      )
      caller.socket.destroy()
    },
  },
  {
    id: 'pipelined-after-close',
    basis: 'RFC 9112 §9.6',
    title: 'after a refusal that leaves a body unread nothing more of the connection is answered',
    async play({ running, gate }) {
      const admitted: unknown[] = []
      gate.on('admitted', (event) => admitted.push(event))
      const caller = await RawCaller.to(running.port)
      caller.ask('POST', '/v1/json', [], 'hello').ask('GET', '/v1/json', [KEY])
      const refused = await caller.answer()
      expect([refused.status, refused.fields.connection]).toEqual([401, ['close']])
      await caller.closed
      expect([caller.unread, admitted]).toEqual(['', []])
    },
  },
  {
    id: 'keep-alive-after-refusal',
    basis: 'RFC 9112 §9.3',
    title: 'a refusal without a body to read leaves the connection to the next request',
    async play({ running }) {
      const caller = await RawCaller.to(running.port)
      expect((await caller.ask('GET', '/v1/json', []).answer()).status).toBe(401)
      expect((await caller.ask('POST', '/v1/json', [['Content-Length', '0']]).answer()).status).toBe(401)
      expect((await caller.ask('GET', '/v1/json', [KEY]).answer()).status).toBe(200)
      caller.socket.destroy()
    },
  },
  {
    id: 'upload-refused',
    basis: 'RFC 9112 §9.3, §9.6',
    title: 'who sends a megabyte gets to read the refusal',
    async play({ running }) {
      const { statusCode, body } = await request(`http://127.0.0.1:${running.port}/v1/json`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEYS.stranger}` },
        body: Buffer.alloc(1 << 20),
      })
      expect([statusCode, ((await body.json()) as { reason: string }).reason]).toEqual([
        401,
        'credentials-invalid',
      ])
    },
  },
]

export const OVER_SOCKETS: readonly Scenario[] = CASES.map((scenario) => ({ ...scenario, runsOn: http1 }))
