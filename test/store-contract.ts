import { describe, expect, test } from 'vitest'
import type { ConnectionStore, Lease, LeaseAnswer, LeaseAsk } from '@api-terms/core'
import { isPending } from '../packages/core/src/pending.js'

/** A store, and what moves its time. */
export interface StoreUnderTest {
  readonly store: ConnectionStore
  /** Lets this much time pass for the store, and everything that is due then happen. */
  advance(ms: number): void | Promise<void>
  /** Lets everything happen that the store has been told to do. */
  settle(): Promise<void>
}

export type StoreMaker = () => StoreUnderTest | Promise<StoreUnderTest>

/** An ask that has been put to a store, whether it answered on the spot or not. */
class Asked {
  state: LeaseAnswer | 'waiting' = 'waiting'
  readonly answer: Promise<LeaseAnswer>
  readonly leave: () => void

  constructor(store: ConnectionStore, ask: LeaseAsk) {
    const given = store.acquire(ask)
    this.answer = isPending(given) ? given.answer : Promise.resolve(given)
    this.leave = isPending(given) ? () => given.leave() : () => {}
    void this.answer.then((answer) => (this.state = answer))
  }

  /** In a word. */
  get told(): string {
    if (this.state === 'waiting') return 'waiting'
    return this.state.lease ? 'granted' : 'refused'
  }
}

const ASK: LeaseAsk = {
  api: 'telephony',
  account: 'acme',
  class: 'read',
  limit: 1,
  waitMs: 0,
  maxWaiting: 100,
  client: 'acme-crm',
  target: '/v1/calls',
}

/** What holds of every connection store, whatever it keeps its leases in. */
export function storeContract(name: string, makeStore: StoreMaker): void {
  const open = async () => {
    const under = await makeStore()
    const { store } = under
    const ask = (changes: Partial<LeaseAsk> = {}) => new Asked(store, { ...ASK, ...changes })
    const take = async (changes: Partial<LeaseAsk> = {}): Promise<Lease> => {
      const { lease } = await ask(changes).answer
      expect(lease).toBeDefined()
      return lease as Lease
    }
    /** How many a limit leaves room for, found out by taking them all. */
    const room = async (changes: Partial<LeaseAsk> = {}): Promise<number> => {
      const leases: Lease[] = []
      for (let answer = await ask(changes).answer; answer.lease; answer = await ask(changes).answer)
        leases.push(answer.lease)
      for (const lease of leases) store.release(lease)
      await under.settle()
      return leases.length
    }
    return { ...under, ask, take, room }
  }
  describe(name, () => {
    limitCases(open)
    waitingCases(open)
    closingCases(open)
  })
}

type Open = () => Promise<
  StoreUnderTest & {
    ask(changes?: Partial<LeaseAsk>): Asked
    take(changes?: Partial<LeaseAsk>): Promise<Lease>
    room(changes?: Partial<LeaseAsk>): Promise<number>
  }
>

function limitCases(open: Open): void {
  test.each([1, 2, 10])('grants exactly a limit of %i, and tells how many are open', async (limit) => {
    const { ask } = await open()
    const asked = Array.from({ length: limit + 3 }, () => ask({ limit }))
    const answers = await Promise.all(asked.map(({ answer }) => answer))
    expect(answers.filter(({ lease }) => lease)).toHaveLength(limit)
    expect(answers.map(({ inUse }) => inUse)).toEqual([
      ...Array.from({ length: limit }, (_, i) => i + 1),
      ...Array.from({ length: 3 }, () => limit),
    ])
  })

  test('grants none under a limit of zero, whether any is open or not', async () => {
    const { ask, take } = await open()
    expect(await ask({ limit: 0 }).answer).toMatchObject({ lease: undefined, inUse: 0 })
    await take({ limit: 2 })
    expect(await ask({ limit: 0 }).answer).toMatchObject({ lease: undefined, inUse: 1 })
  })

  test('grants without end under a limit of Infinity', async () => {
    const { ask } = await open()
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask({ limit: Infinity }).answer))
    expect(answers.at(-1)).toMatchObject({ inUse: 50 })
    expect(answers.every(({ lease }) => lease)).toBe(true)
  })

  test('gives room again for what is released', async () => {
    const { store, settle, take, room } = await open()
    const lease = await take()
    expect(await room()).toBe(0)
    store.release(lease)
    await settle()
    expect(await room()).toBe(1)
  })

  test('gives no more room for what is released twice, even while others are open', async () => {
    const { store, settle, take, room } = await open()
    const [first] = [await take({ limit: 3 }), await take({ limit: 3 })]
    store.release(first)
    store.release(first)
    await settle()
    expect(await room({ limit: 3 })).toBe(2)
    const again = await take({ limit: 3 })
    store.release(first)
    await settle()
    expect(await room({ limit: 3 })).toBe(1)
    store.release(again)
  })

  test('admits up to a raised limit while others are held', async () => {
    const { take, room } = await open()
    await take({ limit: 1 })
    expect(await room({ limit: 4 })).toBe(3)
  })

  test('drains to a lowered limit: nobody comes in before enough have gone', async () => {
    const { store, settle, take, room } = await open()
    const held = [await take({ limit: 3 }), await take({ limit: 3 }), await take({ limit: 3 })]
    for (const [gone, left] of [0, 0, 1].entries()) {
      expect(await room({ limit: 1 })).toBe(0)
      store.release(held[gone]!)
      await settle()
      expect(await room({ limit: 1 })).toBe(left)
    }
  })

  test.each([{ api: 'meetings' }, { account: 'globex' }, { class: 'write' }])(
    'counts %o apart',
    async (other) => {
      const { take, room } = await open()
      await take()
      expect(await room()).toBe(0)
      expect(await room(other)).toBe(1)
    },
  )

  test('counts all clients and targets of an account together, under whatever limit they ask', async () => {
    const { take, ask } = await open()
    await take({ limit: 2 })
    await take({ limit: 3, client: 'acme-wallboard', target: '/v1/events', waitMs: 5, maxWaiting: 7 })
    expect(await ask({ limit: 2, client: 'acme-third' }).answer).toMatchObject({
      lease: undefined,
      inUse: 2,
    })
  })

  test('keeps names apart that could be glued into the same text', async () => {
    const { take, room } = await open()
    await take({ api: 'a', account: 'b:c', class: 'read' })
    for (const other of [
      { api: 'a:b', account: 'c' },
      { api: 'a', account: 'b' },
      { api: 'a', account: 'b:c:read' },
      { api: 'a', account: '__proto__' },
      { api: 'a', account: 'b c' },
    ])
      expect(await room(other)).toBe(1)
  })
}

function waitingCases(open: Open): void {
  test('serves whoever waits in the order of arrival', async () => {
    const { store, settle, take, ask } = await open()
    let lease = await take()
    const line = [1, 2, 3, 4].map(() => ask({ waitMs: 1000 }))
    await settle()
    for (const [i, place] of line.entries()) {
      expect(line.map(({ told }) => told)).toEqual(line.map((_, j) => (j < i ? 'granted' : 'waiting')))
      store.release(lease)
      lease = (await place.answer).lease as Lease
      await settle()
    }
    expect(line.map(({ told }) => told)).toEqual(line.map(() => 'granted'))
  })

  test('lets no newcomer overtake the line', async () => {
    const { store, settle, take, ask } = await open()
    const lease = await take()
    const first = ask({ waitMs: 1000 })
    store.release(lease)
    const newcomer = ask()
    await settle()
    expect([first.told, newcomer.told]).toEqual(['granted', 'refused'])
  })

  test('serves the line first where a newcomer brings a higher limit', async () => {
    const { settle, take, ask } = await open()
    await take()
    const line = [ask({ waitMs: 1000 }), ask({ waitMs: 1000 })]
    const newcomer = ask({ limit: 3 })
    await settle()
    expect([...line, newcomer].map(({ told }) => told)).toEqual(['granted', 'granted', 'refused'])
  })

  test('lets maxWaiting wait, and answers who comes to a full line at once', async () => {
    const { settle, take, ask } = await open()
    await take()
    const line = [1, 2, 3].map(() => ask({ waitMs: 1000, maxWaiting: 2 }))
    await settle()
    expect(line.map(({ told }) => told)).toEqual(['waiting', 'waiting', 'refused'])
    expect(await line[2]!.answer).toMatchObject({ lease: undefined, inUse: 1 })
  })

  test('lets nobody wait where maxWaiting is 0', async () => {
    const { take, ask } = await open()
    await take()
    expect(await ask({ waitMs: 1000, maxWaiting: 0 }).answer).toMatchObject({ lease: undefined, inUse: 1 })
    expect(await ask({ account: 'globex', limit: 0, waitMs: 1000, maxWaiting: 0 }).answer).toMatchObject({
      lease: undefined,
      inUse: 0,
    })
  })

  test.each([0, 1, 2])('takes place %i out of the line the moment it is left', async (leaver) => {
    const { store, settle, take, ask } = await open()
    let lease = await take()
    const line = [1, 2, 3].map(() => ask({ waitMs: 1000, maxWaiting: 3 }))
    await settle()
    line[leaver]!.leave()
    expect(await line[leaver]!.answer).toMatchObject({ lease: undefined })
    const last = ask({ waitMs: 1000, maxWaiting: 3 })
    await settle()
    expect(last.told).toBe('waiting')
    for (const place of [...line.filter((_, i) => i !== leaver), last]) {
      expect(place.told).toBe('waiting')
      store.release(lease)
      lease = (await place.answer).lease as Lease
      expect(lease).toBeDefined()
    }
  })

  test('changes nothing where a place is left twice', async () => {
    const { settle, take, ask } = await open()
    await take()
    const [leaver, other] = [ask({ waitMs: 1000, maxWaiting: 2 }), ask({ waitMs: 1000, maxWaiting: 2 })]
    leaver.leave()
    leaver.leave()
    await settle()
    const [third, fourth] = [ask({ waitMs: 1000, maxWaiting: 2 }), ask({ waitMs: 1000, maxWaiting: 2 })]
    await settle()
    expect([other, third, fourth].map(({ told }) => told)).toEqual(['waiting', 'waiting', 'refused'])
  })

  test('answers after waitMs that the limit is reached, each in its own time', async () => {
    const { settle, advance, take, ask } = await open()
    await take()
    const [short, long] = [ask({ waitMs: 400 }), ask({ waitMs: 4000 })]
    await settle()
    expect([short.told, long.told]).toEqual(['waiting', 'waiting'])
    await advance(1000)
    await settle()
    expect([short.told, long.told]).toEqual(['refused', 'waiting'])
    expect(await short.answer).toMatchObject({ lease: undefined, inUse: 1 })
    await advance(4000)
    await settle()
    expect(long.told).toBe('refused')
  })

  test('gives a free slot to the next in line where the first has waited too long', async () => {
    const { store, settle, advance, take, ask } = await open()
    const lease = await take()
    const [short, long] = [ask({ waitMs: 400 }), ask({ waitMs: 4000 })]
    await settle()
    await advance(1000)
    store.release(lease)
    expect(await long.answer).toMatchObject({ inUse: 1 })
    expect([short.told, long.told]).toEqual(['refused', 'granted'])
  })

  test('lets in as many of the line as a raised limit has room for, at once', async () => {
    const { store, settle, take, ask } = await open()
    await take()
    const line = [1, 2, 3].map(() => ask({ waitMs: 1000 }))
    await settle()
    store.setLimit({ api: ASK.api, account: ASK.account, class: ASK.class }, 3)
    await settle()
    expect(line.map(({ told }) => told)).toEqual(['granted', 'granted', 'waiting'])
  })

  test('lets nobody of the line in under a lowered limit before enough have gone', async () => {
    const { store, settle, take, ask } = await open()
    const held = [await take({ limit: 2 }), await take({ limit: 2 })]
    const waiter = ask({ limit: 2, waitMs: 1000 })
    await settle()
    store.setLimit({ api: ASK.api, account: ASK.account, class: ASK.class }, 1)
    store.release(held[0]!)
    await settle()
    expect(waiter.told).toBe('waiting')
    store.release(held[1]!)
    expect(await waiter.answer).toMatchObject({ inUse: 1 })
  })

  test('lets whoever came under a limit of zero in once it is raised', async () => {
    const { store, settle, ask } = await open()
    const waiter = ask({ limit: 0, waitMs: 1000 })
    await settle()
    expect(waiter.told).toBe('waiting')
    store.setLimit({ api: ASK.api, account: ASK.account, class: ASK.class }, 1)
    expect(await waiter.answer).toMatchObject({ inUse: 1 })
    expect(waiter.told).toBe('granted')
  })

  test.each([{ api: 'meetings' }, { account: 'globex' }, { class: 'write' }])(
    'wakes nobody by a limit or a release of %o',
    async (other) => {
      const { store, settle, take, ask } = await open()
      await take()
      const elsewhere = await take(other)
      const waiter = ask({ waitMs: 1000 })
      await settle()
      store.release(elsewhere)
      store.setLimit({ api: ASK.api, account: ASK.account, class: ASK.class, ...other }, 9)
      await settle()
      expect(waiter.told).toBe('waiting')
    },
  )

  test('counts what was granted to whoever left too late, until it is given back', async () => {
    const { store, settle, take, ask, room } = await open()
    const lease = await take()
    const waiter = ask({ waitMs: 1000 })
    await settle()
    store.release(lease)
    const { lease: late } = await waiter.answer
    waiter.leave()
    await settle()
    expect(await room()).toBe(0)
    store.release(late!)
    await settle()
    expect(await room()).toBe(1)
  })
}

function closingCases(open: Open): void {
  test('turns whoever waits away as it closes, on every counter', async () => {
    const { store, settle, take, ask } = await open()
    const others = [{}, { account: 'globex' }, { class: 'write' }, { api: 'meetings' }]
    for (const other of others) await take(other)
    const line = others.flatMap((other) => [
      ask({ ...other, waitMs: 1000 }),
      ask({ ...other, waitMs: Infinity }),
    ])
    await settle()
    await store.close()
    await settle()
    expect(line.map(({ told }) => told)).toEqual(line.map(() => 'refused'))
  })

  test('takes back leases after it has closed, and closes twice, without a word', async () => {
    const { store, take } = await open()
    const lease = await take()
    await store.close()
    store.release(lease)
    await store.close()
  })
}
