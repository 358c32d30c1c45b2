import fc from 'fast-check'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConnectionStore, LeaseAnswer } from '@api-terms/core'
import { redisConnections } from '@api-terms/redis'
import { redisForTests } from '../../../test/redis-server.js'
import { allHeard, ASK, freshPrefix, sent } from './store-setting.js'

let server: Awaited<ReturnType<typeof redisForTests>>
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  server = await redisForTests()
  client = createClient({ url: server.url })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})

/** What may happen to two stores that count together. Numbers stand for one of those who have asked so far. */
type Step =
  | { do: 'ask'; store: 0 | 1; limit: number; waits: boolean }
  | { do: 'release' | 'leave'; who: number }
  | { do: 'setLimit'; store: 0 | 1; limit: number }

const either = fc.constantFrom(0 as const, 1 as const)
const limit = fc.constantFrom(0, 1, 2, 3, Infinity)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('ask' as const), store: either, limit, waits: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'leave' as const), who: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setLimit' as const), store: either, limit }) },
)

const MOST_WAITING = 3

/** One who has asked: what is to come of it, by the plainest reckoning, and what came of it. */
class Asked {
  expected: 'waiting' | 'granted' | 'refused' | 'released' = 'refused'
  answer: LeaseAnswer | undefined
  released = false
  readonly leave: () => void

  constructor(
    readonly store: ConnectionStore,
    most: number,
    waits: boolean,
  ) {
    const place = store.acquire({ ...ASK, limit: most, waitMs: waits ? 60_000 : 0, maxWaiting: MOST_WAITING })
    if (!('leave' in place)) throw new Error('Redis answers later')
    this.leave = () => place.leave()
    void place.answer.then((answer) => (this.answer = answer))
  }

  get found(): string {
    if (!this.answer) return 'waiting'
    if (!this.answer.lease) return 'refused'
    return this.released ? 'released' : 'granted'
  }
}

class Line {
  readonly all: Asked[] = []
  limit = 0

  of(state: Asked['expected']): Asked[] {
    return this.all.filter(({ expected }) => expected === state)
  }

  serve(): void {
    for (const one of this.of('waiting')) if (this.of('granted').length < this.limit) one.expected = 'granted'
  }
}

/**
 * All at once: who leaves the line gets nothing any more, the last limit set holds for who is let in by a release, and who gives back makes room
 * for who comes.
 */
function takeTogether(turn: readonly Step[], line: Line, store: ConnectionStore): void {
  const all = (kind: Step['do']) => turn.filter((each) => each.do === kind)
  for (const next of [...all('leave'), ...all('setLimit').slice(-1), ...all('release'), ...all('ask')])
    take({ ...next, store: 0 } as Step, line, [store])
}

function take(next: Step, line: Line, stores: readonly ConnectionStore[]): void {
  if (next.do === 'ask') {
    line.limit = next.limit
    line.serve()
    const one = new Asked(stores[next.store]!, next.limit, next.waits)
    if (line.of('granted').length < next.limit) one.expected = 'granted'
    else if (next.waits && line.of('waiting').length < MOST_WAITING) one.expected = 'waiting'
    line.all.push(one)
  } else if (next.do === 'setLimit') {
    stores[next.store]!.setLimit(ASK, next.limit)
    line.limit = next.limit
    line.serve()
  } else {
    const one = line.all[next.who % Math.max(1, line.all.length)]
    if (next.do === 'leave' && one) {
      one.leave()
      if (one.expected === 'waiting') one.expected = 'refused'
    } else if (one?.answer?.lease) {
      // Also where it has been released before: that is to change nothing.
      one.store.release(one.answer.lease)
      one.released = true
      one.expected = 'released'
      line.serve()
    }
  }
}

test('any sequence of events leaves two stores equal to one plain line, and Redis empty', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const prefix = freshPrefix()
      const stores = [0, 1].map(() => redisConnections({ client, prefix, timeoutMs: 3000 }))
      const line = new Line()
      const heard = async () => {
        for (const each of stores) await allHeard(each, true)
      }
      await heard()
      for (const next of steps) {
        take(next, line, stores)
        await heard()
        expect(line.all.map(({ found }) => found)).toEqual(line.all.map(({ expected }) => expected))
      }
      await Promise.all(stores.map((each) => each.close()))
      expect(await client.keys(`${prefix}{*`)).toEqual([])
    }),
    { numRuns: 100 },
  )
})

test('what comes together in one turn does what it would do one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 6 }), async (turns) => {
      const prefix = freshPrefix()
      const store = redisConnections({ client, prefix, timeoutMs: 3000 })
      const line = new Line()
      await allHeard(store, true)
      for (const turn of turns) {
        takeTogether(turn, line, store)
        await sent()
        await allHeard(store, true)
        expect(line.all.map(({ found }) => found)).toEqual(line.all.map(({ expected }) => expected))
      }
      await store.close()
      expect(await client.keys(`${prefix}*`)).toEqual([])
    }),
    { numRuns: 100 },
  )
})
