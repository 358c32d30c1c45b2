import { setTimeout as passed } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { ConnectionStore, Lease } from '@api-terms/core'
import { redisConnections, type RedisConnectionsOptions, type RedisWarning } from '@api-terms/redis'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { BEAT, RENEW } from '../src/scripts.js'
import { commandsRun } from './commands.js'
import { answerOf, ASK, freshPrefix, leaseOf, sent } from './store-setting.js'

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

let prefix: string
beforeEach(() => void (prefix = freshPrefix()))

/** That the process lives is said by itself, and counted apart. */
let beats = 0
const BEAT_COMMANDS = 5

function storeWith(changes: Partial<RedisConnectionsOptions> = {}): ConnectionStore {
  const counting = {
    sendCommand(args: string[]) {
      if (args[1] === BEAT.sha) beats++
      return client.sendCommand(args)
    },
    duplicate: () => client.duplicate(),
  }
  const store = redisConnections({ client: counting, prefix, timeoutMs: 2000, ...changes })
  onTestFinished(() => store.close())
  return store
}

/** What Redis has been told before has been done by now. */
async function done(): Promise<void> {
  await sent()
  await client.ping()
}

describe('what is in Redis', () => {
  test('is one key for each API, account and class, and none where nothing is open', async () => {
    const store = storeWith()
    const leases = [
      await leaseOf(store, { limit: 2 }),
      await leaseOf(store, { limit: 2, client: 'acme-wallboard', target: '/v1/events' }),
      await leaseOf(store, { account: 'globex' }),
      await leaseOf(store, { class: 'write' }),
      await leaseOf(store, { api: 'meetings' }),
    ]
    const keys = await client.keys(`${prefix}{*`)
    expect(keys.toSorted()).toEqual([
      `${prefix}{meetings|acme|read}`,
      `${prefix}{telephony|acme|read}`,
      `${prefix}{telephony|acme|write}`,
      `${prefix}{telephony|globex|read}`,
    ])
    for (const lease of leases) store.release(lease)
    await done()
    expect(await client.keys(`${prefix}{*`)).toEqual([])
  })

  test('is gone too once a line has been served', async () => {
    const store = storeWith()
    const held = await leaseOf(store)
    const next = leaseOf(store, { waitMs: 5000 })
    await done()
    store.release(held)
    store.release(await next)
    await done()
    expect(await client.keys(`${prefix}{*`)).toEqual([])
  })

  test('is gone too once a line has been left', async () => {
    const store = storeWith()
    const held = await leaseOf(store)
    const [first, second] = [1, 2].map(() => store.acquire({ ...ASK, waitMs: 5000 }))
    await done()
    await passed(5)
    for (const place of [first, second]) if (place && 'leave' in place) place.leave()
    store.release(held)
    await expect.poll(() => client.keys(`${prefix}{*`)).toEqual([])
  })

  test('goes by itself where everybody has died', async () => {
    const store = storeWith({ leaseMs: 8000 })
    await leaseOf(store)
    const ttl = await client.pTTL(`${prefix}{telephony|acme|read}`)
    expect(ttl).toBeGreaterThan(8000)
    expect(ttl).toBeLessThanOrEqual(16_000)
  })

  test('outlives the leases of a process with longer ones', async () => {
    const [long, short] = [storeWith({ leaseMs: 60_000 }), storeWith({ leaseMs: 8000 })]
    await leaseOf(long, { limit: 2 })
    await leaseOf(short, { limit: 2 })
    expect(await client.pTTL(`${prefix}{telephony|acme|read}`)).toBeGreaterThan(60_000)
  })
})

describe('what Redis is asked', () => {
  /** The commands that a process has sent, and how many ran inside of them. */
  async function counted(work: () => Promise<void>): Promise<{ sent: number; inside: number }> {
    await done()
    await client.configResetStat()
    beats = 0
    await work()
    await done()
    const { evalsha = 0, ping: _ping, ['config|resetstat']: _reset, ...inside } = await commandsRun(client)
    const ran = Object.values(inside).reduce((sum, calls) => sum + calls, 0)
    return { sent: evalsha - beats, inside: ran - BEAT_COMMANDS * beats }
  }

  test('is one command before a request is answered, and one after it', async () => {
    const store = storeWith()
    store.release(await leaseOf(store))
    const { sent: commands, inside } = await counted(async () => {
      for (let i = 0; i < 100; i++) {
        store.release(await leaseOf(store))
        await done()
      }
    })
    expect(commands).toBe(200)
    expect(inside).toBeLessThanOrEqual(100 * 10)
  })

  test('is one command for all that comes together', async () => {
    const store = storeWith()
    const asks = Array.from({ length: 60 }, (_, i) => ({ account: `account-${i % 20}`, limit: 3 }))
    const leases = await Promise.all(asks.map((ask) => leaseOf(store, ask)))
    const { sent: commands } = await counted(async () => {
      for (const lease of leases) store.release(lease)
      await Promise.all(asks.map((ask) => leaseOf(store, ask)))
    })
    expect(commands).toBe(1)
  })

  test('is sent in portions, so that Redis does little else at once for short times only', async () => {
    const store = storeWith()
    const { sent: commands } = await counted(async () => {
      await Promise.all(Array.from({ length: 1200 }, () => leaseOf(store, { limit: 1200 })))
    })
    expect(commands).toBe(3)
  })

  test('to renew all that a process holds is a command for 500 connections', async () => {
    const leaseMs = 4800
    const renewed: string[][] = []
    const sendCommand = (args: string[]) => {
      if (args[1] === RENEW.sha) renewed.push(args.filter((word) => /^[\w-]{12}\.\w+$/.test(word)))
      return client.sendCommand(args)
    }
    const store = storeWith({ client: { sendCommand }, leaseMs, timeoutMs: 1200 })
    const asks = Array.from({ length: 1000 }, (_, i) => ({ account: `account-${i % 300}`, limit: 4 }))
    await Promise.all(asks.map((ask) => leaseOf(store, ask)))
    const lapsed = passed(leaseMs + 800)
    // Two rounds: in each every connection is named once.
    await expect.poll(() => renewed.length).toBeGreaterThanOrEqual(4)
    for (const round of [renewed.slice(0, 2), renewed.slice(2, 4)]) {
      expect(round.map((places) => places.length)).toEqual([500, 500])
      expect(new Set(round.flat()).size).toBe(1000)
    }
    await lapsed
    const { inUse } = await answerOf(store, { account: 'account-0', limit: 4 })
    expect(inUse).toBe(4)
  })

  test('while somebody waits is one look a second, however many wait', async () => {
    const store = storeWith({ leaseMs: 60_000 })
    const accounts = Array.from({ length: 50 }, (_, i) => ({ account: `account-${i}` }))
    for (const ask of accounts) {
      await leaseOf(store, ask)
      answerOf(store, { ...ask, waitMs: 60_000 }).catch(() => undefined)
    }
    await passed(300)
    const { sent: commands } = await counted(() => passed(1500))
    expect(commands).toBeGreaterThanOrEqual(1)
    expect(commands).toBeLessThanOrEqual(3)
  })
})

describe('a store', () => {
  test('goes on where Redis has forgotten its scripts', async () => {
    const store = storeWith()
    const held = await leaseOf(store)
    const next = leaseOf(store, { waitMs: 5000 })
    await done()
    await client.scriptFlush()
    store.release(held)
    const lease = await next
    await client.scriptFlush()
    expect(await answerOf(store)).toMatchObject({ lease: undefined, inUse: 1 })
    store.release(lease)
    expect(await answerOf(store)).toMatchObject({ inUse: 1 })
  })

  test('lets nobody in by a release that comes after the lowered limit, where Redis has never heard of a limit set', async () => {
    const store = storeWith()
    const held = [await leaseOf(store, { limit: 2 }), await leaseOf(store, { limit: 2 })]
    let granted = false
    const waiter = leaseOf(store, { limit: 2, waitMs: 5000 }).then(() => (granted = true))
    await done()
    // All that the store itself sends while it waits and releases is known again.
    await client.scriptFlush()
    expect(await answerOf(store, { account: 'globex' })).toMatchObject({ inUse: 1 })
    store.setLimit(ASK, 1)
    store.release(held[0]!)
    await done()
    expect(await answerOf(store, { account: 'initech' })).toMatchObject({ inUse: 1 })
    expect(granted).toBe(false)
    store.release(held[1]!)
    await waiter
  })

  test('lets a limit decide that was set after the last one asked, within the same turn', async () => {
    const store = storeWith()
    const held = [await leaseOf(store, { limit: 2 }), await leaseOf(store, { limit: 2 })]
    let granted = 0
    const line = [1, 2].map(() => leaseOf(store, { limit: 2, waitMs: 5000 }).then(() => granted++))
    store.setLimit(ASK, 1)
    await done()
    store.release(held[0]!)
    await done()
    expect(await answerOf(store, { account: 'globex' })).toMatchObject({ inUse: 1 })
    expect(granted).toBe(0)
    store.setLimit(ASK, 3)
    await Promise.all(line)
  })

  test('keeps nothing of what was given back while Redis was sent the text of the renewal', async () => {
    let released: Promise<unknown> | undefined
    const late = {
      async sendCommand(args: string[]) {
        const reply = client.sendCommand(args)
        if (args[1] === RENEW.sha) await reply.catch(() => (released ??= giveBack()))
        return reply
      },
      duplicate: () => client.duplicate(),
    }
    const store = storeWith({ client: late, timeoutMs: 200, leaseMs: 900 })
    const lease = await leaseOf(store)
    const giveBack = () => {
      store.release(lease)
      return done()
    }
    await client.scriptFlush()
    expect(await answerOf(store, { account: 'globex' })).toMatchObject({ inUse: 1 })
    await expect.poll(() => released !== undefined).toBe(true)
    await released
    await done()
    await done()
    await leaseOf(store)
  })

  test('counts together with every other that uses the same prefix, and with no other', async () => {
    const [one, two, other] = [storeWith(), storeWith(), storeWith({ prefix: freshPrefix() })]
    const lease = await leaseOf(one)
    expect(await answerOf(two)).toMatchObject({ lease: undefined, inUse: 1 })
    expect(await answerOf(other)).toMatchObject({ inUse: 1 })
    one.release(lease)
    one.release(lease)
    expect(await answerOf(two, { limit: 1 })).toMatchObject({ inUse: 1 })
    one.release(lease)
    expect(await answerOf(one)).toMatchObject({ lease: undefined, inUse: 1 })
  })

  test('lets whoever waits in another in under a limit that was raised in this one', async () => {
    const [one, two] = [storeWith(), storeWith()]
    const waiter = leaseOf(one, { limit: 0, waitMs: 5000 })
    await expect.poll(() => client.exists(`${prefix}{telephony|acme|read}`)).toBe(1)
    two.setLimit(ASK, 1)
    await waiter
    expect(await answerOf(two)).toMatchObject({ lease: undefined, inUse: 1 })
  })

  test('wakes whoever waits within about a second where the connection for wake-ups was cut', async () => {
    const store = storeWith()
    const held = await leaseOf(store)
    const first = leaseOf(store, { waitMs: 10_000 })
    await done()
    store.release(held)
    const again = await first
    const next = leaseOf(store, { waitMs: 10_000 })
    await done()
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    store.release(again)
    const began = performance.now()
    await next
    expect(performance.now() - began).toBeLessThan(2500)
  })

  test('renews a lease for as long as it is held, and loses it never', async () => {
    const store = storeWith({ leaseMs: 800, timeoutMs: 200 })
    const lost: Lease[] = []
    store.onLost?.((lease) => lost.push(lease))
    await leaseOf(store)
    await passed(1300)
    expect(await answerOf(store)).toMatchObject({ lease: undefined, inUse: 1 })
    expect(lost).toEqual([])
  })

  test('counts again what Redis has lost, above the limit if need be, and says so once', async () => {
    const warnings: RedisWarning[] = []
    const [store, other] = [
      storeWith({ leaseMs: 800, timeoutMs: 200, onWarning: (warning) => warnings.push(warning) }),
      storeWith(),
    ]
    const lost: Lease[] = []
    store.onLost?.((lease) => lost.push(lease))
    const leases = [await leaseOf(store, { limit: 3 }), await leaseOf(store, { limit: 3 })]
    store.release(await leaseOf(store, { limit: 3 }))
    await client.del(`${prefix}{telephony|acme|read}`)
    for (let i = 0; i < 2; i++) await leaseOf(other, { limit: 2 })
    await expect.poll(() => warnings.map(({ code }) => code)).toEqual(['leases-lost'])
    expect(await answerOf(other, { limit: 3 })).toMatchObject({ lease: undefined, inUse: 4 })
    for (const lease of leases) store.release(lease)
    await done()
    expect(await answerOf(other, { limit: 3 })).toMatchObject({ inUse: 3, lease: {} })
    expect({ lost, warnings }).toMatchObject({ lost: [], warnings: [{ code: 'leases-lost' }] })
  })

  test('asks again for whoever waits in a line that Redis has lost', async () => {
    const store = storeWith()
    await leaseOf(store)
    const waiter = leaseOf(store, { waitMs: 5000 })
    await done()
    await client.del(`${prefix}{telephony|acme|read}`)
    await waiter
  })

  test('admits nobody any more once it is closed', async () => {
    const store = storeWith()
    await store.close()
    expect(() => store.acquire(ASK)).toThrow('closed')
  })
})

describe('a command', () => {
  /** A way to Redis that the test can hold up. */
  function slowWay() {
    const way = {
      delayMs: 0,
      fails: 0,
      async send(args: string[]) {
        if (way.fails > 0) {
          way.fails--
          throw new Error('cut')
        }
        if (way.delayMs > 0) await passed(way.delayMs)
        return client.sendCommand(args)
      },
    }
    return way
  }

  test('takes no longer than its time limit, and what it grants later is given back', async () => {
    const way = slowWay()
    const store = storeWith({ client: way.send, timeoutMs: 100 })
    way.delayMs = 400
    const began = performance.now()
    await expect(answerOf(store)).rejects.toMatchObject({ code: 'API_TERMS_STORE' })
    expect(performance.now() - began).toBeLessThan(350)
    await passed(400)
    way.delayMs = 0
    await expect.poll(() => client.exists(`${prefix}{telephony|acme|read}`)).toBe(0)
    expect(await answerOf(store)).toMatchObject({ inUse: 1 })
  })

  test('that fails is a StoreError with its cause', async () => {
    const way = slowWay()
    const store = storeWith({ client: way.send })
    way.fails = 1
    await expect(answerOf(store)).rejects.toMatchObject({
      code: 'API_TERMS_STORE',
      cause: expect.objectContaining({ message: 'cut' }),
    })
  })

  test('that gives back is tried twice; then the lease expires, and the provider is told', async () => {
    const way = slowWay()
    const warnings: RedisWarning[] = []
    const store = storeWith({
      client: way.send,
      leaseMs: 1200,
      timeoutMs: 300,
      onWarning: (warning) => warnings.push(warning),
    })
    const once = await leaseOf(store)
    way.fails = 1
    store.release(once)
    await expect.poll(() => client.exists(`${prefix}{telephony|acme|read}`)).toBe(0)
    expect(warnings).toEqual([])
    const twice = await leaseOf(store)
    way.fails = 2
    store.release(twice)
    await expect.poll(() => warnings.map(({ code }) => code)).toEqual(['release-failed'])
    await expect.poll(() => answerOf(store), { timeout: 3000 }).toMatchObject({ inUse: 1, lease: {} })
  })

  test('that a client sends twice counts once', async () => {
    const store = storeWith({
      client: async (args) => {
        await client.sendCommand(args)
        return client.sendCommand(args)
      },
    })
    const lease = await leaseOf(store)
    expect(await answerOf(store)).toMatchObject({ lease: undefined, inUse: 1 })
    store.release(lease)
    expect(await answerOf(store)).toMatchObject({ inUse: 1, lease: {} })
  })
})
