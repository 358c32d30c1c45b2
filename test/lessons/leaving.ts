// oxlint-disable vitest/no-standalone-expect -- lessons are played within tests
import type { Admission, Registry } from '@api-terms/core'
import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { registry } from '../battery/accounts.js'
import { nothingHeld, SOON } from '../battery/running.js'
import type { Stage } from '../battery/scenario.js'
import { bearer } from '../callers/ask.js'
import { RawCaller } from '../callers/raw.js'
import type { Exchanged, Handlers } from '../subjects.js'
import type { Lesson } from './lesson.js'
import { asking, countsOf, OVER_HTTP1, OVER_HTTP2, type Ways } from './ways.js'

/** Says when the work of handlers is done. */
const WORK = new EventEmitter().setMaxListeners(100)

interface Point {
  readonly name: string
  readonly handlers?: Handlers
  /** Comes to the point where the caller is to leave; returns what is to happen after it has left. */
  reach(stage: Stage, ask: () => Promise<Ways>): Promise<readonly [Ways, () => Promise<void>]>
}

/** Look-ups that end only when the test lets them. */
function slowly() {
  const lookups: (() => void)[] = []
  const { findByDigest } = registry()
  const wait = () => new Promise<void>((resolve) => lookups.push(resolve))
  return { lookups, registry: { findByDigest: (digest: string) => wait().then(() => findByDigest(digest)) } }
}

const finish = () => Promise.resolve()
const inHandler = (name: string, does: (exchanged: Exchanged) => void): Point => {
  let reached: (() => void) | undefined
  return {
    name,
    handlers: {
      '/v1/left': {
        does(exchanged) {
          does(exchanged)
          reached?.()
        },
      },
    },
    async reach(_stage, ask) {
      const arrival = new Promise<void>((resolve) => (reached = resolve))
      const ways = await ask()
      await arrival
      return [ways, finish]
    },
  }
}

const POINTS: readonly Point[] = [
  inHandler('in the handler', () => {}),
  inHandler('after the head', ({ res }) => (res as ServerResponse).flushHeaders()),
  inHandler('while the answer is streamed', ({ res }) => {
    const stream = res as NodeJS.WritableStream
    const write = () => {
      while (stream.writable && stream.write(Buffer.alloc(4096)));
    }
    stream.on('drain', write)
    stream.on('error', () => {})
    write()
  }),
  {
    name: 'while it waits in line',
    async reach({ open, arrived, held, inLine }, ask) {
      await open()
      await arrived(1)
      const ways = await ask()
      await inLine(2)
      return [ways, async () => void held[0]!.res.end()]
    },
  },
]

const leaving = POINTS.flatMap((point) =>
  [...OVER_HTTP1, ...OVER_HTTP2].map((way): Lesson => ({
    row: point.name === 'while it waits in line' ? 26 : 1,
    title: `a caller that ${way} ${point.name} holds nothing afterwards`,
    runsOn: ({ http2 }) => http2 === (OVER_HTTP2 as readonly string[]).includes(way),
    options: () => ({ limits: { read: 1 }, connections: { waitMs: 60_000 } }),
    ...(point.handlers && { handlers: point.handlers }),
    async play(stage) {
      const counts = countsOf(stage.gate)
      const [ways, after] = await point.reach(stage, () => asking(stage.running, '/v1/left'))
      await ways[way]!()
      await after()
      await nothingHeld(stage.gate)
      expect(counts.admitted).toBe(counts.released)
    },
  })),
)

/** A registry whose answers take so long. */
function taking(ms: number): Registry {
  const { findByDigest } = registry()
  return {
    findByDigest: (digest) =>
      new Promise((resolve) => setTimeout(resolve, ms)).then(() => findByDigest(digest)),
  }
}

function listenersOf(socket: Socket): Record<string, number> {
  return Object.fromEntries(socket.eventNames().map((name) => [String(name), socket.listenerCount(name)]))
}

const during = slowly()

export const LEAVING: readonly Lesson[] = [
  ...leaving,
  ...[...OVER_HTTP1, ...OVER_HTTP2].map((way): Lesson => ({
    row: 5,
    title: `a caller that ${way} while the gate awaits a look-up reaches no handler and holds nothing`,
    runsOn: ({ http2 }) => http2 === (OVER_HTTP2 as readonly string[]).includes(way),
    options: () => ({ registry: during.registry }),
    async play({ running, gate, held }) {
      during.lookups.length = 0
      const counts = countsOf(gate)
      const ways = await asking(running, '/v1/held')
      await expect.poll(() => during.lookups.length, SOON).toBe(1)
      await ways[way]!()
      await expect.poll(() => running.sockets.size === 0 || way === 'resets its stream', SOON).toBe(true)
      during.lookups[0]!()
      await expect.poll(() => counts.abandoned, SOON).toBe(1)
      await nothingHeld(gate)
      expect([held.length, counts.admitted]).toEqual([0, 0])
    },
  })),
  {
    row: 1,
    title: 'a handler that destroys its response, throws, or answers twice gives its slot back once',
    options: () => ({ limits: { read: 1 } }),
    handlers: {
      '/v1/destroys': { does: ({ res }) => void res.destroy() },
      '/v1/twice': {
        does({ res }) {
          res.end('one')
          res.end()
        },
      },
    },
    async play({ gate, open }) {
      const counts = countsOf(gate)
      for (const target of ['/v1/destroys', '/v1/throws', '/v1/twice', '/v1/destroys']) {
        await (await open('acme', target)).answer.catch(() => undefined)
        await nothingHeld(gate)
      }
      expect(counts).toEqual({ admitted: 4, released: 4, abandoned: 0 })
    },
  },
  {
    row: 6,
    title: 'a pipelined request whose response has no socket yet is given back when the caller hangs up',
    runsOn: ({ http2 }) => !http2,
    async play({ running, gate, arrived }) {
      const caller = await RawCaller.to(running.port)
      for (let each = 0; each < 3; each++) caller.ask('GET', '/v1/held', [bearer('acme')])
      await arrived(3)
      expect((await gate.connections()).length).toBe(3)
      caller.socket.destroy()
      await nothingHeld(gate)
    },
  },
  ...[0, 2].map((lookupMs): Lesson => ({
    row: 6,
    title: `pipelined requests leave no listener on their socket once they are answered (look-ups take ${lookupMs} ms)`,
    runsOn: ({ http2 }) => !http2,
    options: () => (lookupMs === 0 ? {} : { registry: taking(lookupMs), credentials: { cacheMs: 0 } }),
    async play({ running, gate, held, arrived }) {
      const caller = await RawCaller.to(running.port)
      const key = bearer('acme')
      expect((await caller.ask('GET', '/v1/json', [key]).answer()).status).toBe(200)
      const [socket] = running.sockets
      const before = listenersOf(socket!)
      for (let each = 0; each < 5; each++) caller.ask('GET', '/v1/held', [key]).ask('GET', '/v1/json', [])
      await arrived(5)
      // Koa has one of its own for each response.
      if (running.subject.framework !== 'koa')
        expect(socket!.listenerCount('close')).toBeLessThanOrEqual(before.close! + 2)
      for (const { res } of held) res.end()
      const statuses: number[] = []
      for (let each = 0; each < 10; each++) statuses.push((await caller.answer()).status)
      expect(statuses).toEqual([200, 401, 200, 401, 200, 401, 200, 401, 200, 401])
      expect((await caller.ask('GET', '/v1/json', [key]).answer()).status).toBe(200)
      await nothingHeld(gate)
      expect(listenersOf(socket!)).toEqual(before)
      caller.socket.destroy()
    },
  })),
  {
    row: 8,
    title: 'a slot that is given back twice is free once',
    options: () => ({ limits: { read: 1 } }),
    async play({ gate, held, arrived, open }) {
      const first = await open()
      await arrived(1)
      const { admission, res } = held[0] as Exchanged & { admission: Admission }
      admission.release()
      admission.release()
      res.end()
      await first.answer
      await nothingHeld(gate)
      await open()
      await arrived(2)
      expect((await (await open()).answer).status).toBe(429)
    },
  },
  ...[true, false].map((asks): Lesson => ({
    row: 3,
    title: asks
      ? 'who resets while the handler works keeps its slot until the work that the handler named has settled'
      : 'who resets while a middleware of Koa works keeps its slot until it has settled, without a word of it',
    runsOn: ({ framework }) => asks || framework === 'koa',
    options: () => ({ limits: { read: 2 } }),
    handlers: {
      '/v1/works': {
        does({ admission }) {
          const work = once(WORK, 'done')
          if (asks) admission!.connection.holdUntil(work)
          return work
        },
      },
    },
    async play({ running, gate }) {
      const counts = countsOf(gate)
      let refused = 0
      gate.on('refused', () => refused++)
      for (let each = 1; each <= 20; each++) {
        const ways = await asking(running, '/v1/works')
        await expect.poll(() => counts.admitted + refused, SOON).toBe(each)
        await Object.values(ways)[0]!()
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect([counts.admitted, refused, (await gate.connections()).length]).toEqual([2, 18, 2])
      WORK.emit('done')
    },
  })),
]
