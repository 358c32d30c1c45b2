import { setTimeout as passed } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { redisConnections, type RedisConnectionsOptions } from '@api-terms/redis'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { startMember, type Member } from './members.js'
import { answerOf, ASK, freshPrefix, leaseOf } from './store-setting.js'

// A process takes seconds to start on a busy machine, and a command longer than it should.
vi.setConfig({ testTimeout: 90_000 })
const LEASE_MS = 2400
const TIMES = { leaseMs: LEASE_MS, timeoutMs: LEASE_MS / 4 }
/** How long a look, a message and a busy machine may take beyond the lease. */
const SLACK_MS = LEASE_MS / 3 + 1000

let server: RedisServer
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  server = await startRedis()
  client = createClient({ url: server.url })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})

async function members(
  count: number,
  options: Omit<RedisConnectionsOptions, 'client'> = TIMES,
): Promise<{ prefix: string; all: Member[] }> {
  const prefix = freshPrefix()
  const started = Array.from({ length: count }, () => startMember({ url: server.url, prefix, ...options }))
  return { prefix, all: await Promise.all(started) }
}

/** A store of this process beside the others. */
function storeBeside(prefix: string) {
  return redisConnections({ client, prefix, ...TIMES })
}

/** How many stand in the line. */
const waiting = (prefix: string) => client.zCount(`${prefix}{telephony|acme|read}`, '-inf', '(0')

async function timeUntil(happens: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await happens
  return performance.now() - began
}

test('several processes never hold more than an account may, use it to the full, and leave nothing behind', async () => {
  // Here no command is to take too long, however busy the machine is.
  const { prefix, all } = await members(4, { leaseMs: 20_000, timeoutMs: 5000 })
  const limits = { one: 1, three: 3, ten: 10 }
  const asks = Object.entries(limits).map(([account, limit]) => ({ ...ASK, account, limit }))
  const loads = await Promise.all(
    all.map((member) => member.load({ asks, tasks: 24, forMs: 2000, atLeast: 60 })),
  )
  const most = (account: string) => Math.max(...loads.map(({ seen }) => seen[account] ?? 0))
  expect({ one: most('one'), three: most('three'), ten: most('ten') }).toEqual(limits)
  expect(loads.reduce((sum, { granted }) => sum + granted, 0)).toBeGreaterThan(200)
  await Promise.all(all.map((member) => member.close()))
  expect(await client.keys(`${prefix}{*`)).toEqual([])
})

describe.concurrent('several processes', () => {
  test('are served in the order in which they came to wait', async (context) => {
    const { prefix, all } = await members(2)
    const [a, b] = all as [Member, Member]
    let held = await a.take()
    const order: string[] = []
    const line = []
    for (const [i, member] of [b, a, b, a].entries()) {
      line.push(
        member.take({ waitMs: 10_000 }).then((number) => {
          order.push(`${i}`)
          return number
        }),
      )
      await context.expect.poll(() => waiting(prefix)).toBe(i + 1)
    }
    let holder = a
    for (const [i, member] of [b, a, b, a].entries()) {
      await holder.release(held!)
      held = await line[i]
      holder = member
      expect(order).toHaveLength(i + 1)
    }
    expect(order).toEqual(['0', '1', '2', '3'])
  })

  test('free at once what they hold as they close', async () => {
    const { prefix, all } = await members(1)
    for (let i = 0; i < 3; i++) await all[0]!.take({ limit: 3 })
    const store = storeBeside(prefix)
    expect(await answerOf(store, { limit: 3 })).toMatchObject({ lease: undefined, inUse: 3 })
    await all[0]!.close()
    expect(await answerOf(store, { limit: 3 })).toMatchObject({ inUse: 1 })
    await store.close()
  })
})

describe.concurrent('a process that is killed', () => {
  test('has its slots free when its leases end, and whoever waits gets them', async () => {
    const { prefix, all } = await members(1)
    await all[0]!.take({ limit: 2 })
    await all[0]!.take({ limit: 2 })
    const store = storeBeside(prefix)
    all[0]!.signal('SIGKILL')
    const waiters = [1, 2].map(() => leaseOf(store, { limit: 2, waitMs: 10_000 }))
    expect(await timeUntil(Promise.all(waiters))).toBeLessThan(LEASE_MS + SLACK_MS)
    expect(await answerOf(store, { limit: 2 })).toMatchObject({ lease: undefined, inUse: 2 })
    await store.close()
  })

  test('while it waits, first in line, holds up the next for no longer than a lease', async (context) => {
    const { prefix, all } = await members(1)
    const store = storeBeside(prefix)
    const held = await leaseOf(store)
    all[0]!.take({ waitMs: 10_000 }).catch(() => undefined)
    await context.expect.poll(() => waiting(prefix)).toBe(1)
    const next = leaseOf(store, { waitMs: 10_000 })
    all[0]!.signal('SIGKILL')
    await context.expect.poll(() => waiting(prefix)).toBe(2)
    store.release(held)
    expect(await timeUntil(next)).toBeLessThan(LEASE_MS + SLACK_MS)
    await store.close()
  })

  test('leaves nothing behind where nobody ever comes again', async (context) => {
    const { prefix, all } = await members(1)
    await all[0]!.take()
    all[0]!.take({ waitMs: 10_000 }).catch(() => undefined)
    await context.expect.poll(() => waiting(prefix)).toBe(1)
    all[0]!.signal('SIGKILL')
    expect(await client.keys(`${prefix}{*`)).toHaveLength(1)
    await context.expect.poll(() => client.keys(`${prefix}{*`)).toEqual([])
  })
})

describe.concurrent('a process that is stopped for longer than its leases last', () => {
  test('learns that it lost them, and cannot give back what is not its own any more', async (context) => {
    const { prefix, all } = await members(1)
    const [member] = all as [Member]
    const number = await member.take()
    const store = storeBeside(prefix)
    member.signal('SIGSTOP')
    const mine = await leaseOf(store, { waitMs: 10_000 })
    member.signal('SIGCONT')
    await context.expect.poll(() => member.lost()).toEqual([number])
    await member.release(number!)
    expect(await answerOf(store)).toMatchObject({ lease: undefined, inUse: 1 })
    store.release(mine)
    expect(await member.take({ waitMs: 2000 })).toBeDefined()
    await store.close()
  })

  test('learns it also where nobody has taken the slot, if a lost lease is to end the connection', async (context) => {
    const { prefix, all } = await members(1, { ...TIMES, whenLeaseLost: 'end' })
    const [member] = all as [Member]
    const number = await member.take()
    member.signal('SIGSTOP')
    await passed(LEASE_MS + 100)
    member.signal('SIGCONT')
    await context.expect.poll(() => member.lost()).toEqual([number])
    expect(await client.keys(`${prefix}{*`)).toEqual([])
  })

  test('has as many counted again as there is room for, and no more', async (context) => {
    const { prefix, all } = await members(1)
    const [member] = all as [Member]
    for (let i = 0; i < 3; i++) await member.take({ limit: 3 })
    const store = storeBeside(prefix)
    member.signal('SIGSTOP')
    await leaseOf(store, { limit: 3, waitMs: 10_000 })
    await leaseOf(store, { limit: 3, waitMs: 10_000 })
    member.signal('SIGCONT')
    await context.expect.poll(async () => (await member.lost()).length).toBe(2)
    expect(await answerOf(store, { limit: 3 })).toMatchObject({ lease: undefined, inUse: 3 })
    await store.close()
  })

  test('while it waits comes in all the same, in its turn', async (context) => {
    const { prefix, all } = await members(1)
    const store = storeBeside(prefix)
    const held = await leaseOf(store)
    const taken = all[0]!.take({ waitMs: 10_000 })
    await context.expect.poll(() => waiting(prefix)).toBe(1)
    all[0]!.signal('SIGSTOP')
    await passed(LEASE_MS + 200)
    store.release(held)
    all[0]!.signal('SIGCONT')
    // Not by the whole key's expiry, which comes later.
    expect(await timeUntil(taken)).toBeLessThan(LEASE_MS)
    expect(await taken).toBeDefined()
    await store.close()
  })
})

describe.concurrent('a process whose clocks jump', () => {
  test.for([3_600_000, -3_600_000])(
    'by %d ms holds what it held, and nobody takes it twice',
    async (jumpMs, context) => {
      const { prefix, all } = await members(1)
      const [member] = all as [Member]
      const numbers = [await member.take({ limit: 3 }), await member.take({ limit: 3 })]
      const store = storeBeside(prefix)
      member.jump(jumpMs)
      const until = performance.now() + 2 * LEASE_MS
      while (performance.now() < until) {
        expect(await answerOf(store, { limit: 2 })).toMatchObject({ lease: undefined, inUse: 2 })
        await passed(100)
      }
      expect(await member.lost()).toEqual([])
      expect(await member.take({ limit: 3 })).toBeDefined()
      for (const number of numbers) await member.release(number!)
      await context.expect.poll(() => client.zCard(`${prefix}{telephony|acme|read}`)).toBe(1)
      await store.close()
    },
  )
})
