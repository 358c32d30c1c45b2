import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryConnections, type ConnectionStore, type LeaseAnswer } from '@api-terms/core'
import { settled, TestClock } from '../../../test/clock.js'
import { isPending } from '../src/pending.js'

/** What may happen to a store. Numbers stand for one of those who have asked so far. */
type Step =
  | { do: 'ask'; account: string; limit: number; waitMs: number; maxWaiting: number }
  | { do: 'release' | 'leave'; who: number }
  | { do: 'setLimit'; account: string; limit: number }
  | { do: 'advance'; ms: number }

const account = fc.constantFrom('acme', 'globex')
const limit = fc.constantFrom(0, 1, 2, 3, Infinity)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      account,
      limit,
      waitMs: fc.constantFrom(0, 10, 25, Infinity),
      maxWaiting: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'leave' as const), who: fc.nat(40) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setLimit' as const), account, limit }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(30) }) },
)

type State = 'waiting' | 'granted' | 'refused' | 'released'

interface Expected {
  readonly account: string
  readonly due: number
  state: State
  inUse: number
}

/** What a store is to do, written as plainly as it can be: one list of all who have ever asked. */
class Model {
  readonly all: Expected[] = []
  readonly limits = new Map<string, number>()
  now = 0

  of(name: string, state: State): Expected[] {
    return this.all.filter((one) => one.account === name && one.state === state)
  }

  ask({ account: name, limit: now, waitMs, maxWaiting }: Extract<Step, { do: 'ask' }>): void {
    this.setLimit(name, now)
    const inUse = this.of(name, 'granted').length
    const one: Expected = { account: name, due: this.now + waitMs, state: 'refused', inUse }
    if (inUse < now) Object.assign(one, { state: 'granted', inUse: inUse + 1 })
    else if (waitMs > 0 && this.of(name, 'waiting').length < maxWaiting) one.state = 'waiting'
    this.all.push(one)
  }

  release(one: Expected): void {
    if (one.state !== 'granted') return
    one.state = 'released'
    this.serve(one.account)
  }

  refuse(one: Expected): void {
    if (one.state !== 'waiting') return
    one.state = 'refused'
    one.inUse = this.of(one.account, 'granted').length
  }

  setLimit(name: string, now: number): void {
    this.limits.set(name, now)
    this.serve(name)
  }

  advance(ms: number): void {
    this.now += ms
    for (const one of this.all) if (one.due <= this.now) this.refuse(one)
  }

  serve(name: string): void {
    for (const one of this.of(name, 'waiting')) {
      const open = this.of(name, 'granted').length
      if (open < this.limits.get(name)!) Object.assign(one, { state: 'granted', inUse: open + 1 })
    }
  }
}

/** One who has asked the real store. */
class Actual {
  answer: LeaseAnswer | undefined
  leave = () => {}
  released = false

  constructor(store: ConnectionStore, name: string, ask: Extract<Step, { do: 'ask' }>) {
    const { limit: most, waitMs, maxWaiting } = ask
    const names = { api: 'telephony', account: name, class: 'read', client: 'c', target: '/' }
    const given = store.acquire({ ...names, limit: most, waitMs, maxWaiting })
    if (!isPending(given)) this.answer = given
    else {
      this.leave = () => given.leave()
      void given.answer.then((answer) => (this.answer = answer))
    }
  }

  get state(): State {
    if (!this.answer) return 'waiting'
    if (!this.answer.lease) return 'refused'
    return this.released ? 'released' : 'granted'
  }
}

function take(next: Step, model: Model, store: ConnectionStore, actual: Actual[], clock: TestClock): void {
  if (next.do === 'ask') {
    actual.push(new Actual(store, next.account, next))
    model.ask(next)
  } else if (next.do === 'setLimit') {
    store.setLimit({ api: 'telephony', account: next.account, class: 'read' }, next.limit)
    model.setLimit(next.account, next.limit)
  } else if (next.do === 'advance') {
    clock.advance(next.ms)
    model.advance(next.ms)
  } else {
    const who = next.who % Math.max(1, actual.length)
    const [one, expected] = [actual[who], model.all[who]]
    if (!one || !expected) return
    if (next.do === 'leave') {
      one.leave()
      model.refuse(expected)
    } else if (one.answer?.lease) {
      // Also where it has been released before: that is to change nothing.
      store.release(one.answer.lease)
      one.released = true
      model.release(expected)
    }
  }
}

const seen = (all: readonly { state: State }[]) => all.map(({ state }) => state)

test('any sequence of events leaves the store equal to a model, and at its end with nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new TestClock()
      const store = memoryConnections({ clock })
      const model = new Model()
      const actual: Actual[] = []
      for (const next of steps) {
        take(next, model, store, actual, clock)
        await Promise.resolve()
        expect(seen(actual)).toEqual(seen(model.all))
        expect(actual.map(({ answer }) => answer?.inUse)).toEqual(
          model.all.map(({ state, inUse }) => (state === 'waiting' ? undefined : inUse)),
        )
      }
      for (const one of actual) one.leave()
      for (const { answer } of actual) if (answer?.lease) store.release(answer.lease)
      await settled(1)
      expect(actual.filter(({ answer }) => !answer)).toEqual([])
      expect(clock.timers).toBe(0)
      const names = { api: 'telephony', class: 'read', client: 'c', target: '/', waitMs: 0, maxWaiting: 0 }
      for (const name of ['acme', 'globex'])
        expect(store.acquire({ ...names, account: name, limit: 1 })).toMatchObject({ inUse: 1 })
    }),
    { numRuns: 500 },
  )
})

test('no admission ever finds as many open as its limit, counted by those who hold them', async () => {
  const schedule = fc.array(fc.record({ limit: fc.integer({ min: 0, max: 4 }), releases: fc.nat(3) }), {
    maxLength: 80,
  })
  await fc.assert(
    fc.asyncProperty(schedule, fc.boolean(), async (arrivals, waits) => {
      const store = memoryConnections({ clock: new TestClock() })
      const held: object[] = []
      const names = { api: 'telephony', account: 'acme', class: 'read', client: 'c', target: '/' }
      const admitted = ({ lease }: LeaseAnswer) => void (lease && held.push(lease))
      for (const { limit: most, releases } of arrivals) {
        const before = held.length
        const given = store.acquire({ ...names, limit: most, waitMs: waits ? 10 : 0, maxWaiting: 5 })
        if (isPending(given)) void given.answer.then(admitted)
        else admitted(given)
        await Promise.resolve()
        // Whoever has come in did so under the limit now in force; whoever was in before may be above a lowered one.
        if (held.length > before) expect(held.length).toBeLessThanOrEqual(most)
        for (let i = 0; i < releases && held.length > 0; i++) {
          const left = held.length - 1
          store.release(held.shift()!)
          await Promise.resolve()
          if (held.length > left) expect(held.length).toBeLessThanOrEqual(most)
        }
      }
      await store.close()
    }),
    { numRuns: 300 },
  )
})
