import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { bearer } from '../callers/ask.js'
import { answerOf, Http2Caller } from '../callers/http2.js'
import { RawCaller } from '../callers/raw.js'
import type { Received } from '../callers/received.js'
import type { Exchanged, Running } from '../subjects.js'
import { http1 } from './case.js'
import { SOON } from './running.js'
import type { Scenario } from './scenario.js'

const BOUND = 1000

/** Sends a body of no length told beforehand, in pieces of 400 bytes, and does not end it by itself. */
async function upload(running: Running, target: string, pieces: number, ends: boolean): Promise<Received> {
  const piece = 'x'.repeat(400)
  if (running.subject.http2) {
    const caller = await Http2Caller.to(running.port)
    const stream = caller.open('POST', target, [bearer('acme')], null)
    for (let sent = 0; sent < pieces; sent++) stream.write(piece)
    if (ends) stream.end()
    return answerOf(stream).finally(() => caller.close())
  }
  const caller = await RawCaller.to(running.port)
  caller.ask('POST', target, [bearer('acme'), ['Transfer-Encoding', 'chunked']])
  for (let sent = 0; sent < pieces; sent++) caller.send('190', piece, '')
  if (ends) caller.send('0', '', '')
  return caller.answer().finally(() => caller.socket.destroy())
}

const ends: string[] = []
async function readAll({ req, res }: Exchanged): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of req) bytes += (chunk as Buffer).length
    res.end(String(bytes))
  } catch {
    ends.push('broken off')
  }
}

/** Does not know that its answer has been given. */
async function answerLate({ req, res }: Exchanged): Promise<void> {
  req.resume()
  await pause(30)
  res.setHeader('X-Late', '1')
  res.writeHead(200, { 'X-Later': '2' })
  await new Promise<void>((resolve) => (res as ServerResponse).write('late', () => resolve()))
  await new Promise<void>((resolve) => void res.end('later', () => resolve()))
  ends.push('answered late')
}

const tooLarge = (received: Received) => {
  expect([received.status, received.interim]).toEqual([413, []])
  expect(JSON.parse(received.body)).toMatchObject({
    reason: 'body-too-large',
    status: 413,
    terms_clause: '4(a)',
  })
  expect(received.fields['cache-control']).toEqual(['no-store'])
}

const toldLate = () => pause(50, { read: 10, write: 1 })

const CASES: readonly Omit<Scenario, 'basis' | 'handlers'>[] = [
  {
    id: 'body-chunked-within',
    title: 'a body of no known length within the bound comes whole to its handler',
    async play({ running }) {
      const answer = await upload(running, '/v1/read-all', 2, true)
      expect([answer.status, answer.body]).toEqual([200, '800'])
    },
  },
  {
    id: 'body-chunked-beyond-read',
    title:
      'a body that turns out too large as it is read is refused while it still comes, and breaks off for its handler',
    async play({ running }) {
      ends.length = 0
      tooLarge(await upload(running, '/v1/read-all', 3, false))
      await expect.poll(() => ends, SOON).toEqual(['broken off'])
    },
  },
  {
    id: 'body-chunked-beyond-unread',
    title:
      'a body that turns out too large is refused though its handler does not read it; HTTP/2 holds back what is not read',
    runsOn: http1,
    async play({ running }) {
      tooLarge(await upload(running, '/v1/held', 3, false))
    },
  },
  {
    id: 'body-chunked-beyond-ended',
    title: 'a body that turns out too large is refused where all of it came at once',
    async play({ running }) {
      tooLarge(await upload(running, '/v1/read-all', 3, true))
    },
  },
  {
    id: 'body-chunked-within-while-decided',
    title: 'a body within the bound that came while the gate waited for something comes whole to its handler',
    options: () => ({ requests: { maxBodyBytes: BOUND }, limits: toldLate }),
    async play({ running }) {
      const answer = await upload(running, '/v1/read-all', 2, true)
      expect([answer.status, answer.body]).toEqual([200, '800'])
    },
  },
  {
    id: 'body-chunked-beyond-while-decided',
    title: 'what came of a body while the gate waited for something counts too',
    options: () => ({ requests: { maxBodyBytes: BOUND }, limits: toldLate }),
    async play({ running }) {
      tooLarge(await upload(running, '/v1/read-all', 3, true))
    },
  },
  {
    id: 'body-chunked-beyond-late',
    title: 'a handler that answers after the refusal is not heard, harms nothing, and waits for nothing',
    async play({ running }) {
      ends.length = 0
      tooLarge(await upload(running, '/v1/answer-late', 3, true))
      await expect.poll(() => ends, SOON).toEqual(['answered late'])
    },
  },
  {
    id: 'body-chunked-beyond-observed',
    title: 'observing, a body that turns out too large is reported once and comes whole to its handler',
    options: () => ({ mode: 'observe', requests: { maxBodyBytes: BOUND } }) as const,
    async play({ running, gate }) {
      const reported: unknown[] = []
      gate.on('refused', ({ reason, enforced, account }) => reported.push([reason, enforced, account]))
      const answer = await upload(running, '/v1/read-all', 5, true)
      expect([answer.status, answer.body]).toEqual([200, '2000'])
      expect(reported).toEqual([['body-too-large', false, 'acme']])
    },
  },
]

export const BODIES: readonly Scenario[] = CASES.map((scenario) => ({
  basis: '4(a), RFC 9110 §15.5.14',
  options: () => ({ requests: { maxBodyBytes: BOUND } }),
  handlers: { '/v1/read-all': { does: readAll }, '/v1/answer-late': { does: answerLate } },
  ...scenario,
}))
