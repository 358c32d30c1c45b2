import { describe, expect, test } from 'vitest'
import {
  memoryConnections,
  type ConnectionsOptions,
  type ConnectionStore,
  type CounterName,
  type Lease,
  type LeaseAnswer,
  type LeaseAsk,
  type Pending,
} from '@api-terms/core'
import { settled, TestClock } from '../../../test/clock.js'
import { storeContract } from '../../../test/store-contract.js'
import { SteadfastStore } from '../src/connections/index.js'
import { isPending } from '../src/pending.js'
import { admitted, asking, gateWith, outcomeOf } from './gate-setting.js'

/** A store of somebody else's: it answers later, when the test says so, and may fail in every way. */
class OddStore implements ConnectionStore {
  readonly memory: ConnectionStore
  readonly released: Lease[] = []
  readonly told: number[] = []
  readonly asked: LeaseAsk[] = []
  left = 0
  mode: 'well' | 'later' | 'hangs' | 'throws' | 'rejects' | 'nonsense' | 'promises' = 'well'
  #later: (() => void)[] = []

  constructor(clock = new TestClock()) {
    this.memory = memoryConnections({ clock })
  }

  acquire(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer> {
    this.asked.push(ask)
    if (this.mode === 'throws') throw new Error('store')
    if (this.mode === 'nonsense') return undefined as never
    if (this.mode === 'promises') return Promise.resolve(this.memory.acquire(ask)) as never
    if (this.mode === 'well') return this.memory.acquire(ask)
    const leave = () => void this.left++
    if (this.mode === 'rejects') return { answer: Promise.reject(new Error('store')), leave }
    const answer = new Promise<LeaseAnswer>((resolve) => {
      this.#later.push(() => resolve(this.memory.acquire(ask) as LeaseAnswer))
    })
    return { answer, leave }
  }

  /** Answers all who have asked meanwhile. */
  answer(): void {
    for (const tell of this.#later.splice(0)) tell()
  }

  release(lease: Lease): void {
    if (this.mode === 'throws') throw new Error('store')
    this.released.push(lease)
    this.memory.release(lease)
  }

  setLimit(counter: CounterName, limit: number): void {
    if (this.mode === 'throws') throw new Error('store')
    this.told.push(limit)
    this.memory.setLimit(counter, limit)
  }

  close(): Promise<void> {
    if (this.mode === 'hangs') return new Promise(() => {})
    return this.memory.close()
  }
}

function gateOver(connections: Partial<ConnectionsOptions> = {}, read = 1) {
  const store = new OddStore()
  const set = gateWith({ limits: { read }, connections: { store, timeoutMs: 500, ...connections } })
  const warnings = () => set.told.flatMap((event) => (event.name === 'warning' ? [event.code] : []))
  const get = async () => {
    const outcome = set.gate.admit(asking(set.keys.crm))
    await settled()
    set.clock.advance(500)
    return outcome
  }
  return { ...set, store, warnings, get }
}

const FAILINGS = ['hangs', 'throws', 'rejects', 'nonsense'] as const

describe("a store of the provider's", () => {
  test('is asked with the names of the counter, the limit in force and how to wait', async () => {
    const { gate, keys, store } = gateOver({ waitMs: 250, maxWaiting: 7 }, 4)
    await admitted(gate, asking(keys.crm, 'GET', '/v1/calls?x=secret'))
    expect(store.asked).toEqual([
      {
        api: 'telephony',
        account: 'acme',
        class: 'read',
        limit: 4,
        waitMs: 250,
        maxWaiting: 7,
        client: 'acme-crm',
        target: '/v1/calls',
      },
    ])
  })

  test('that answers with a bare promise, against its type, counts all the same', async () => {
    const { gate, keys, store, warnings } = gateOver()
    store.mode = 'promises'
    const admission = await admitted(gate, asking(keys.crm))
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('connections-exhausted')
    admission.release()
    await admitted(gate, asking(keys.crm))
    expect(warnings()).toEqual([])
  })

  test('that never closes does not keep the gate from closing', async () => {
    const { gate, store, clock, warnings } = gateOver()
    store.mode = 'hangs'
    const closing = gate.close()
    await settled()
    clock.advance(500)
    await closing
    expect(warnings()).toEqual(['store-failed'])
  })

  test('may answer later, and gets each of its leases back once', async () => {
    const { gate, keys, store, told } = gateOver()
    store.mode = 'later'
    const outcome = gate.admit(asking(keys.crm))
    await settled()
    expect(told).toEqual([])
    store.answer()
    const admission = await outcome
    expect(admission.admitted).toBe(true)
    if (admission.admitted) for (let i = 0; i < 3; i++) admission.release()
    expect(store.released).toHaveLength(1)
  })

  test('is told a changed limit while somebody waits', async () => {
    const { gate, keys, store } = gateOver({ waitMs: 1000 })
    await admitted(gate, asking(keys.crm))
    const waiter = gate.admit(asking(keys.crm))
    await settled()
    await gate.setLimits({ read: 2 })
    expect(outcomeOf(await waiter)).toBe('admitted')
    expect(store.told).toEqual([2])
  })
})

describe.each(FAILINGS)('while the store %s', (mode) => {
  test('connections are counted in this process by default, up to the limit', async () => {
    const { store, warnings, get } = gateOver({}, 2)
    store.mode = mode
    const outcomes = [await get(), await get(), await get()]
    expect(outcomes.map(outcomeOf)).toEqual(['admitted', 'admitted', 'connections-exhausted'])
    expect(warnings()).toEqual(['store-failed'])
    if (outcomes[0]?.admitted) outcomes[0].release()
    expect(outcomeOf(await get())).toBe('admitted')
    expect(store.released).toEqual([])
  })

  test('everybody is refused where the provider chose so', async () => {
    const { gate, store, warnings, get, told } = gateOver({ whenStoreFails: 'refuse' })
    store.mode = mode
    expect(outcomeOf(await get())).toBe('limits-unavailable')
    expect(warnings()).toEqual(['store-failed'])
    expect(told.at(-1)).toMatchObject({ name: 'refused', status: 503, account: 'acme', class: 'read' })
    expect(await gate.connections()).toEqual([])
  })

  test('everybody is admitted, uncounted, where the provider chose so', async () => {
    const { gate, store, warnings, get } = gateOver({ whenStoreFails: 'admit' })
    store.mode = mode
    const outcomes = [await get(), await get(), await get()]
    expect(outcomes.map(outcomeOf)).toEqual(['admitted', 'admitted', 'admitted'])
    expect(warnings()).toHaveLength(1)
    expect(await gate.connections()).toHaveLength(3)
    for (const outcome of outcomes) if (outcome.admitted) outcome.release()
    expect(await gate.connections()).toEqual([])
    expect(store.released).toEqual([])
  })
})

test('an outage is told as it begins, and then once a minute, with how often', async () => {
  const { store, clock, get, told } = gateOver({ whenStoreFails: 'admit' })
  store.mode = 'rejects'
  for (let i = 0; i < 5; i++) await get()
  clock.advance(60_000)
  await get()
  clock.advance(60_000)
  const warnings = told.filter(({ name }) => name === 'warning')
  expect(warnings).toMatchObject([
    { code: 'store-failed', count: 1 },
    { code: 'store-failed', count: 4 },
    { code: 'store-failed', count: 1 },
  ])
})

describe('who counts nothing while the store fails', () => {
  test('still lets in nobody whose limit is 0', async () => {
    const { store, get } = gateOver({ whenStoreFails: 'admit' }, 0)
    store.mode = 'throws'
    expect(outcomeOf(await get())).toBe('connections-exhausted')
  })
})

describe('what a store grants too late', () => {
  test.each(['local', 'refuse', 'admit'] as const)('is handed back under %s', async (whenStoreFails) => {
    const { store, get } = gateOver({ whenStoreFails })
    store.mode = 'later'
    await get()
    expect(store.left).toBe(1)
    store.answer()
    await settled()
    expect(store.released).toHaveLength(1)
  })

  test('to one who has hung up is handed back', async () => {
    const { gate, keys, store, told } = gateOver()
    store.mode = 'later'
    const hangUp = new AbortController()
    const outcome = gate.admit(asking(keys.crm), { signal: hangUp.signal })
    await settled()
    hangUp.abort()
    expect(store.left).toBe(1)
    store.answer()
    await outcome
    expect(store.released).toHaveLength(1)
    expect(told.map(({ name }) => name)).toEqual(['abandoned'])
    expect(await gate.connections()).toEqual([])
  })
})

describe('a store that fails', () => {
  test('to take a lease back fails no request', async () => {
    const { gate, keys, store, warnings } = gateOver()
    const admission = await admitted(gate, asking(keys.crm))
    store.mode = 'throws'
    admission.release()
    expect(warnings()).toEqual(['store-failed'])
    expect(await gate.connections()).toEqual([])
  })

  test('to be told a limit still has it told to whoever waits in this process', async () => {
    const { gate, keys, store } = gateOver({ waitMs: 1000 })
    store.mode = 'throws'
    await admitted(gate, asking(keys.crm))
    const waiter = gate.admit(asking(keys.crm))
    await settled()
    await gate.setLimits({ read: 2 })
    expect(outcomeOf(await waiter)).toBe('admitted')
  })

  test('while somebody waits who then hangs up leaves nobody in the line of this process', async () => {
    const { gate, keys, store, clock } = gateOver({ waitMs: 1000, maxWaiting: 1 })
    store.mode = 'throws'
    const holder = await admitted(gate, asking(keys.crm))
    store.mode = 'hangs'
    const hangUp = new AbortController()
    const leaver = gate.admit(asking(keys.crm), { signal: hangUp.signal })
    await settled()
    hangUp.abort()
    clock.advance(1500)
    await settled()
    store.mode = 'throws'
    const next = gate.admit(asking(keys.crm))
    await settled()
    holder.release()
    expect([(await leaver).admitted, outcomeOf(await next)]).toEqual([false, 'admitted'])
  })

  test('and comes back counts by its own leases again', async () => {
    const { store, get } = gateOver()
    store.mode = 'throws'
    const local = await get()
    store.mode = 'well'
    const own = await get()
    expect([outcomeOf(local), outcomeOf(own)]).toEqual(['admitted', 'admitted'])
    if (own.admitted) own.release()
    if (local.admitted) local.release()
    expect(store.released).toHaveLength(1)
    expect(outcomeOf(await get())).toBe('admitted')
  })
})

storeContract('connections in another store', () => {
  const clock = new TestClock()
  const memory = memoryConnections({ clock })
  // As one over a network would answer: never on the spot.
  const store: ConnectionStore = {
    acquire(ask) {
      const given = memory.acquire(ask)
      if (!isPending(given)) return { answer: Promise.resolve(given), leave: () => {} }
      return { answer: given.answer.then((answer) => answer), leave: () => given.leave() }
    },
    release: (lease) => memory.release(lease),
    setLimit: (counter, limit) => memory.setLimit(counter, limit),
    close: () => memory.close(),
  }
  return {
    store: new SteadfastStore({
      store,
      whenStoreFails: 'refuse',
      timeoutMs: 1_000_000,
      clock,
      held: () => [],
      onOutage: () => {},
      onFailed: (cause) => {
        throw cause
      },
    }),
    advance: (ms) => clock.advance(ms),
    settle: () => settled(1),
  }
})

describe('a lease that the store has lost', () => {
  /** It answers later where the limit is above 2. */
  function gateOverLossy(read = 2) {
    const clock = new TestClock()
    const memory = memoryConnections({ clock })
    const listeners = new Set<(lease: Lease) => void>()
    const leases: Lease[] = []
    const lose = () => {
      for (const lease of leases) for (const listener of listeners) listener(lease)
    }
    const store: ConnectionStore = {
      acquire(ask) {
        const answer = memory.acquire(ask) as LeaseAnswer
        if (answer.lease) leases.push(answer.lease)
        return ask.limit > 2 ? { answer: settled().then(() => answer), leave: () => {} } : answer
      },
      release: (lease) => memory.release(lease),
      setLimit: (counter, limit) => memory.setLimit(counter, limit),
      onLost(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      close: () => memory.close(),
    }
    const set = gateWith({ limits: { read }, connections: { store } })
    return { ...set, listeners, lose }
  }

  test('ends its connection, and says why', async () => {
    const { gate, keys, told, lose } = gateOverLossy()
    const [first, second] = [
      await admitted(gate, asking(keys.crm)),
      await admitted(gate, asking(keys.globex)),
    ]
    const { signal } = first.connection
    lose()
    await settled()
    expect(signal.aborted).toBe(true)
    expect(told.flatMap((event) => (event.name === 'released' ? [event.why] : []))).toEqual([
      'lease-lost',
      'lease-lost',
    ])
    expect(await gate.connections()).toEqual([])
    first.release()
    second.release()
    expect(told.filter(({ name }) => name === 'released')).toHaveLength(2)
  })

  test('ends its connection also where it was lost before that was there', async () => {
    const { gate, keys, told, lose } = gateOverLossy(3)
    const outcome = admitted(gate, asking(keys.crm))
    await settled(1)
    lose()
    const { connection } = await outcome
    await settled()
    expect(told.map(({ name }) => name)).toEqual(['admitted', 'released'])
    expect(connection.signal.aborted).toBe(true)
    expect(await gate.connections()).toEqual([])
  })

  test('concerns a closed gate no more', async () => {
    const { gate, listeners } = gateOverLossy()
    expect(listeners.size).toBe(1)
    await gate.close()
    expect(listeners.size).toBe(0)
  })
})

type StateListener = Parameters<NonNullable<ConnectionStore['onState']>>[0]

/** A store that many processes share: it tells how it is, and counts later what was let in without it. */
class SharedStore extends OddStore {
  processes = 3
  readonly adopted: LeaseAsk[] = []
  readonly #adoptedLeases = new WeakSet<Lease>()
  #tell: StateListener = () => {}

  onState(listener: StateListener): () => void {
    this.#tell = listener
    return () => (this.#tell = () => {})
  }

  become(state: 'available' | 'suspected' | 'unavailable'): void {
    this.#tell(state, state === 'available' ? undefined : new Error('gone'))
  }

  adopt(ask: LeaseAsk): Lease {
    this.adopted.push(ask)
    const lease = {}
    this.#adoptedLeases.add(lease)
    return lease
  }

  override release(lease: Lease): void {
    if (!this.#adoptedLeases.has(lease)) super.release(lease)
  }
}

describe('a store that tells how it is', () => {
  function gateOverShared(connections: Partial<ConnectionsOptions> = {}, read = 7) {
    const store = new SharedStore()
    const set = gateWith({ limits: { read }, connections: { store, ...connections } })
    const outages = () => set.told.flatMap((event) => (event.name === 'outage' ? [event] : []))
    const get = async () => outcomeOf(await set.gate.admit(asking(set.keys.crm)))
    return { ...set, store, outages, get }
  }

  test('is not asked while it is away, and each process has its part, what it holds from before included', async () => {
    const { gate, keys, store, outages, get, told } = gateOverShared()
    const held = await admitted(gate, asking(keys.crm))
    store.become('suspected')
    store.become('unavailable')
    const asked = store.asked.length
    expect([await get(), await get(), await get()]).toEqual([
      'admitted',
      'connections-exhausted',
      'connections-exhausted',
    ])
    expect(told.at(-1)).toMatchObject({ name: 'refused', limit: 2, inUse: 2 })
    held.release()
    expect(await get()).toBe('admitted')
    expect(store.asked).toHaveLength(asked)
    expect(store.adopted).toHaveLength(2)
    store.become('available')
    expect(await get()).toBe('admitted')
    expect(store.asked).toHaveLength(asked + 1)
    expect(outages().map(({ state }) => state)).toEqual(['began', 'ended'])
  })

  test('and was only suspected has told of no outage', async () => {
    const { store, outages, get } = gateOverShared()
    store.become('suspected')
    expect(await get()).toBe('admitted')
    expect(store.asked).toEqual([])
    store.become('available')
    expect(outages()).toEqual([])
  })

  test('tells how long an outage was, and how many came in meanwhile', async () => {
    const { gate, clock, store, outages, get } = gateOverShared({ whenStoreFails: 'admit' })
    const before = gate.health()
    clock.advance(1000)
    store.become('suspected')
    clock.advance(200)
    store.become('unavailable')
    const since = gate.health().since.getTime() - before.since.getTime()
    expect({ ...gate.health(), since }).toEqual({ store: 'unavailable', since: 1000, processes: 3 })
    for (let i = 0; i < 20; i++) expect(await get()).toBe('admitted')
    clock.advance(800)
    store.become('available')
    expect(outages()).toMatchObject([{ state: 'began' }, { state: 'ended', durationMs: 1000, admitted: 20 }])
    expect(gate.health().store).toBe('available')
  })

  test('has who waits in its line wait here for what is left of the time, and there again', async () => {
    const { gate, keys, clock, store } = gateOverShared({ waitMs: 1000, whenStoreFails: 'local' }, 1)
    const held = await admitted(gate, asking(keys.crm))
    const waiter = gate.admit(asking(keys.crm))
    await settled()
    clock.advance(400)
    store.become('unavailable')
    await settled()
    clock.advance(300)
    store.become('available')
    await settled()
    expect(store.asked.map(({ waitMs }) => waitMs)).toEqual([1000, 1000, 300])
    held.release()
    expect(outcomeOf(await waiter)).toBe('admitted')
  })

  test.each([
    [0, 'connections-exhausted'],
    [1, 'admitted'],
  ])('lets in under a limit of %d while it is away: %s', async (read, outcome) => {
    const { store, get } = gateOverShared({}, read)
    store.become('unavailable')
    expect(await get()).toBe(outcome)
  })
})

test('a store that does not tell is asked by one request every 250 ms until it answers', async () => {
  const { gate, keys, store, clock, told } = gateOver({ whenStoreFails: 'admit' })
  store.mode = 'throws'
  for (let i = 0; i < 10; i++) await gate.admit(asking(keys.crm))
  expect(store.asked).toHaveLength(1)
  clock.advance(250)
  for (let i = 0; i < 10; i++) await gate.admit(asking(keys.crm))
  expect(store.asked).toHaveLength(2)
  store.mode = 'well'
  clock.advance(250)
  for (let i = 0; i < 10; i++) await gate.admit(asking(keys.crm))
  expect(store.asked).toHaveLength(12)
  expect(told.flatMap((event) => (event.name === 'outage' ? [event.state] : []))).toEqual(['began', 'ended'])
})
