// oxlint-disable vitest/no-standalone-expect -- lessons are played within tests
import { expect } from 'vitest'
import type { Registry } from '@api-terms/core'
import { registry } from '../battery/accounts.js'
import { nothingHeld, SOON } from '../battery/running.js'
import type { Stage } from '../battery/scenario.js'
import { settled } from '../clock.js'
import type { Lesson } from './lesson.js'
import { asking, countsOf, OVER_HTTP1, OVER_HTTP2 } from './ways.js'

/** The requests that wait in a middleware before the gate. */
const waiting: (() => void)[] = []

async function oneWaits(): Promise<() => void> {
  await expect.poll(() => waiting.length, SOON).toBe(1)
  return waiting.pop()!
}

/** Leaves while the middleware waits; then lets it go on. */
async function leaveBefore({ running }: Stage, way: string): Promise<void> {
  const ways = await asking(running, '/v1/held')
  const goOn = await oneWaits()
  await ways[way]!()
  await expect.poll(() => running.sockets.size === 0 || way === 'resets its stream', SOON).toBe(true)
  goOn()
  await settled()
}

/** Its slot is there for it: there is only one. */
async function stay({ gate, open }: Stage): Promise<void> {
  const { answer, leave } = await open('acme', '/v1/json')
  ;(await oneWaits())()
  expect((await answer).status).toBe(200)
  leave()
  await nothingHeld(gate)
}

/** The same records, as a promise. */
function later(): Registry {
  const { findByDigest } = registry()
  return { findByDigest: async (digest) => findByDigest(digest) }
}

const DECISIONS = { 'on the spot': registry, 'after a look-up': later }

/** Nothing will tell the gate of the end of such a request: it is over already. */
export const ARRIVING: readonly Lesson[] = Object.entries(DECISIONS).flatMap(([decided, records]) =>
  [...OVER_HTTP1, ...OVER_HTTP2].map((way): Lesson => ({
    row: 5,
    title: `a caller that ${way} before it reaches the gate, which decides ${decided}, reaches no handler and holds nothing`,
    runsOn: ({ http2 }) => http2 === (OVER_HTTP2 as readonly string[]).includes(way),
    setup: { awaits: () => new Promise((resolve) => waiting.push(resolve)) },
    options: () => ({ registry: records(), credentials: { cacheMs: 0 }, limits: { read: 1 } }),
    async play(stage) {
      const counts = countsOf(stage.gate)
      waiting.length = 0
      // A server's first request meets the gate there, later ones are seen as they arrive.
      for (let round = 1; round <= 2; round++) {
        await leaveBefore(stage, way)
        expect(await stage.gate.connections()).toEqual([])
        await stay(stage)
        expect(counts).toEqual({ admitted: round, released: round, abandoned: 0 })
      }
      expect(stage.held).toEqual([])
    },
  })),
)
