import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as passed } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OptionsError, type UsageRow } from '@api-terms/core'
import { redisUsage, type RedisClient } from '@api-terms/redis'
import { startRedis, startRedisCluster, type RedisServer } from '../../../test/redis-server.js'
import { CLIENTS, CLUSTER_CLIENTS } from './clients.js'
import { freshPrefix } from './store-setting.js'

let redis: RedisServer
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  redis = await startRedis()
  client = createClient({ url: redis.url })
  await client.connect()
})

afterAll(async () => {
  client.destroy()
  await redis.stop()
})

const TODAY = new Date().toISOString().slice(0, 10)

const row = (changes: Partial<UsageRow> = {}): UsageRow => ({
  api: 'telephony',
  account: 'acme',
  class: 'read',
  day: TODAY,
  connections: 2,
  refusals: { 'connections-exhausted': 3 },
  heldMs: 1500,
  bytesIn: 100,
  bytesOut: 2000,
  peak: 2,
  ...changes,
})

describe('usage in Redis', () => {
  test.each(Object.entries(CLIENTS))('adds up over processes, with %s', async (_, make) => {
    const { client: its, close } = await make(redis.url)
    await addsUp(its)
    await close()
  })

  test('adds up over processes in a cluster', async () => {
    const cluster = await startRedisCluster()
    const { client: its, close } = await CLUSTER_CLIENTS['redis 6']!(cluster.nodes)
    await addsUp(its)
    await close()
    await cluster.stop()
  })

  async function addsUp(its: RedisClient) {
    const store = redisUsage({ client: its, prefix: freshPrefix() })
    const refusals = { 'credentials-missing': 1 } as const
    await store.add({ process: 'one', serial: 1, rows: [row(), row({ class: 'wri|te', peak: 1 })] })
    await store.add({
      process: 'two',
      serial: 1,
      rows: [row({ peak: 1, refusals }), row({ account: 'globex' })],
    })
    await store.add({ process: 'one', serial: 2, rows: [row({ peak: 7, refusals: {} })] })
    // Its answer was lost: it comes again.
    await store.add({ process: 'one', serial: 2, rows: [row({ peak: 7, refusals: {} })] })
    const all = await store.read({ from: TODAY, to: TODAY })
    const both = { 'connections-exhausted': 3, 'credentials-missing': 1 }
    expect(new Set(all)).toEqual(
      new Set([
        row({ connections: 6, refusals: both, heldMs: 4500, bytesIn: 300, bytesOut: 6000, peak: 7 }),
        row({ class: 'wri|te', peak: 1 }),
        row({ account: 'globex' }),
      ]),
    )
    expect(await store.read({ account: 'globex', api: 'telephony', from: '2020-01-01', to: TODAY })).toEqual([
      row({ account: 'globex' }),
    ])
    expect(await store.read({ account: 'nobody', from: TODAY, to: TODAY })).toEqual([])
  }

  test('lists everything that is wrong with the options', () => {
    const make = () => redisUsage({ client: {}, prefix: '', days: 0, timeoutMS: 1 } as never)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(/client: .*\n.*prefix: .*\n.*days: .*\n.*timeoutMS: is not an option/s)
  })

  test('of three processes is exact through a shutdown; one that is killed loses no more than its last batches', async () => {
    const prefix = freshPrefix()
    const members = await Promise.all(Array.from({ length: 3 }, () => startMember(redis.url, prefix)))
    const [killed, ...others] = members
    await Promise.all(others.map((member) => ask(member, 'work', 500)))
    const before = await ask(killed!, 'work', 500)
    expect(before).toBe(500)
    // Longer than its flushMs: what it counted by then is in the store.
    await expect.poll(() => connections(prefix), { timeout: 5000 }).toBeGreaterThanOrEqual(500)
    await passed(300)
    const lost = once(killed!, 'exit')
    killed!.kill('SIGKILL')
    await lost
    await Promise.all(others.map((member) => ask(member, 'close', 0)))
    for (const member of others) member.disconnect()
    const rows = await redisUsage({ client, prefix }).read({ account: 'acme', from: TODAY, to: TODAY })
    expect(rows).toMatchObject([
      { connections: 1500, class: 'read', refusals: { 'connections-exhausted': 3 * 500 } },
    ])
  })

  async function connections(prefix: string): Promise<number> {
    const rows = await redisUsage({ client, prefix }).read({ account: 'acme', from: TODAY, to: TODAY })
    return rows.reduce((sum, { connections: count }) => sum + count, 0)
  }
})

async function startMember(url: string, prefix: string): Promise<ChildProcess> {
  const member = fork(fileURLToPath(new URL('usage-member.mjs', import.meta.url)), [url, prefix])
  await once(member, 'message')
  return member
}

async function ask(member: ChildProcess, task: string, count: number): Promise<unknown> {
  const answer = once(member, 'message')
  member.send({ task, count })
  return (await answer)[0]
}
