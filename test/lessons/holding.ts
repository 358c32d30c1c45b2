// oxlint-disable vitest/no-standalone-expect -- lessons are played within tests
import { memoryConnections, type ConnectionStore, type WhenStoreFails } from '@api-terms/core'
import { connect as connectSocket } from 'node:net'
import { createGate } from '@api-terms/core'
import { expect } from 'vitest'
import { gateOptions } from '../battery/accounts.js'
import { nothingHeld, SOON } from '../battery/running.js'
import { ask, bearer } from '../callers/ask.js'
import { Http2Caller } from '../callers/http2.js'
import { RawCaller } from '../callers/raw.js'
import { TestClock } from '../clock.js'
import type { Exchanged, Running } from '../subjects.js'
import type { Lesson } from './lesson.js'

const MEGABYTES = 96
const CHUNK = Buffer.alloc(64 * 1024)

/** Streams megabytes, as fast as they are taken. */
function stream({ res }: Exchanged): void {
  const out = res as NodeJS.WritableStream
  let left = (MEGABYTES << 20) / CHUNK.length
  const write = () => {
    while (left > 0 && out.writable) if (left-- && !out.write(CHUNK)) return
    out.end()
  }
  out.on('error', () => {})
  out.on('drain', write)
  write()
}

/** What a caller reads of a stream, pausing for so long after each piece; `undefined`: it never reads. */
async function readSlowly(running: Running, pauseMs: number | undefined): Promise<() => number> {
  let bytes = 0
  const source = running.subject.http2
    ? (await Http2Caller.to(running.port)).open('GET', '/v1/megabytes', [bearer('acme')])
    : connectSocket(running.port, '127.0.0.1')
  if ('connecting' in source) {
    source.write(`GET /v1/megabytes HTTP/1.1\r\nHost: a.example\r\n${bearer('acme').join(': ')}\r\n\r\n`)
  }
  source.on('error', () => {})
  source.pause()
  if (pauseMs === undefined) return () => bytes
  const timer = setInterval(() => {
    const piece = source.read() as Buffer | null
    bytes += piece?.length ?? 0
  }, pauseMs)
  source.on('close', () => clearInterval(timer))
  source.on('end', () => clearInterval(timer))
  return () => bytes
}

let hold = new TestClock()

export const HOLDING: readonly Lesson[] = [
  {
    row: 2,
    title: 'a response that is never ended is ended when maxHoldMs have passed',
    options: () => ({
      clock: (hold = new TestClock()),
      connections: { maxHoldMs: 60_000, stallMs: Infinity },
    }),
    async play({ gate, arrived, open }) {
      const released: unknown[] = []
      gate.on('released', ({ why, heldMs }) => released.push([why, heldMs]))
      const first = await open()
      await arrived(1)
      hold.advance(59_999)
      expect((await gate.connections()).length).toBe(1)
      hold.advance(1)
      await expect(first.answer).rejects.toThrow(/ended/)
      expect(released).toEqual([['max-hold', 60_000]])
    },
  },
  {
    row: 2,
    title: 'a reader that stops reading is cut off when stallMs have passed',
    options: () => ({ connections: { stallMs: 120 } }),
    handlers: { '/v1/megabytes': { does: stream } },
    async play({ running, gate }) {
      const released: unknown[] = []
      gate.on('released', ({ why }) => released.push(why))
      await readSlowly(running, undefined)
      await expect.poll(() => released, SOON).toEqual(['stalled'])
    },
  },
  {
    row: 2,
    title: 'a reader that reads slowly is not',
    options: () => ({ connections: { stallMs: 800 } }),
    handlers: { '/v1/megabytes': { does: stream } },
    async play({ running, gate }) {
      const released: unknown[] = []
      gate.on('released', ({ why }) => released.push(why))
      const read = await readSlowly(running, 5)
      await new Promise((resolve) => setTimeout(resolve, 1300))
      expect([released.filter(Boolean), read() > 0]).toEqual([[], true])
      await gate.end({}, 'seen enough')
    },
  },
  {
    row: 4,
    title: 'a request whose body has been read to its end, and has closed, still holds its slot',
    handlers: {},
    async play({ running, gate, held, arrived }) {
      const body = 'hello'
      const caller = running.subject.http2
        ? await Http2Caller.to(running.port)
        : await RawCaller.to(running.port)
      const fields = [bearer('acme')]
      if (caller instanceof RawCaller) caller.ask('POST', '/v1/held', fields, body)
      else caller.open('POST', '/v1/held', fields, body)
      await arrived(1)
      const { req, res } = held[0]!
      await new Promise<void>((resolve) => req.on('end', resolve).resume())
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect((await gate.connections()).length).toBe(1)
      res.end()
      await nothingHeld(gate)
      if (caller instanceof RawCaller) caller.socket.destroy()
      else caller.close()
    },
  },
  {
    row: 9,
    title: 'of many requests at once no more than the limit are ever open, and just the limit are admitted',
    options: () => ({ limits: { read: 5 } }),
    async play({ gate, held, arrived, open }) {
      let refused = 0
      gate.on('refused', () => refused++)
      await Promise.all(Array.from({ length: 40 }, () => open()))
      await arrived(5)
      await expect.poll(() => refused, SOON).toBe(35)
      expect(held.length).toBe(5)
    },
  },
  {
    row: 10,
    title: 'gates of other versions of the Terms count the same connections',
    options: () => ({ limits: { read: 1 }, connections: { store: SHARED } }),
    async play({ arrived, open }) {
      const terms = { url: 'https://provider.example/terms', version: '2027-01' }
      const newer = createGate(gateOptions({ terms, limits: { read: 1 }, connections: { store: SHARED } }))
      await open()
      await arrived(1)
      const headers = { authorization: bearer('acme')[1], host: 'a.example' }
      expect(await newer.admit({ method: 'GET', target: '/v1/held', headers })).toMatchObject({
        reason: 'connections-exhausted',
      })
    },
  },
  {
    row: 11,
    title: 'a limit that is raised while connections are held admits just as many more; zero admits none',
    options: () => ({ limits: { read: 2 } }),
    async play({ running, gate, held, arrived, open }) {
      await open()
      await open()
      await arrived(2)
      await gate.setLimits({ read: 3 })
      await open()
      await arrived(3)
      expect((await (await open()).answer).status).toBe(429)
      await gate.setLimits({ read: 0 })
      for (const { res } of held) res.end()
      await nothingHeld(gate)
      const refused = await ask(running, {})
      expect(JSON.parse(refused.body)).toMatchObject({ limit: 0, in_use: 0 })
    },
  },
  ...(['refuse', 'admit', 'local'] as const).map((whenStoreFails: WhenStoreFails): Lesson => ({
    row: 13,
    title: `while the store hangs nobody hangs with it, and the provider is told (${whenStoreFails})`,
    options: () => ({
      limits: { read: 1 },
      connections: { store: hangingStore(), whenStoreFails, timeoutMs: 30 },
    }),
    async play({ gate, arrived, running, open }) {
      const warned: unknown[] = []
      gate.on('warning', ({ code }) => warned.push(code))
      if (whenStoreFails === 'refuse') {
        const refused = await ask(running, {})
        expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
          503,
          { reason: 'limits-unavailable' },
        ])
      } else {
        await open()
        await arrived(1)
        expect((await ask(running, {})).status).toBe(whenStoreFails === 'admit' ? 200 : 429)
      }
      expect(warned[0]).toBe('store-failed')
    },
  })),
  {
    row: 26,
    title: 'who leaves the line makes room in it at once',
    options: () => ({ limits: { read: 1 }, connections: { waitMs: 60_000, maxWaiting: 1 } }),
    async play({ gate, arrived, open, inLine }) {
      let abandoned = 0
      gate.on('abandoned', () => abandoned++)
      await open()
      await arrived(1)
      for (let each = 1; each <= 5; each++) {
        const waiter = await open()
        await inLine(each * 2)
        expect((await (await open()).answer).status).toBe(429)
        waiter.leave()
        await expect.poll(() => abandoned, SOON).toBe(each)
      }
    },
  },
]

const SHARED = memoryConnections()

function hangingStore(): ConnectionStore {
  return {
    acquire: () => ({ answer: new Promise(() => {}), leave() {} }),
    release() {},
    setLimit() {},
    close: () => Promise.resolve(),
  }
}
