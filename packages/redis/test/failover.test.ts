import { Cluster, Redis } from 'ioredis'
import { createCluster, createSentinel } from 'redis'
import { describe, test, type TestContext } from 'vitest'
import type { RedisClient } from '@api-terms/redis'
import { startSentinel, type SentinelSetting } from '../../../test/redis-sentinel.js'
import {
  redisCli,
  startRedisCluster,
  type RedisCluster,
  type RedisServer,
} from '../../../test/redis-server.js'
import { gateOver, SLACK_MS, TIMEOUT_MS } from './outage-setting.js'
import { freshPrefix } from './store-setting.js'

const AGAIN_MS = 100
const again = () => AGAIN_MS
const ignored = () => {}

/** Clients as the README advises to make them. */
const OF_SENTINEL: Record<string, (context: TestContext, of: SentinelSetting) => Promise<RedisClient>> = {
  async redis(context, { name, sentinel }) {
    const client = createSentinel({
      name,
      sentinelRootNodes: [sentinel],
      nodeClientOptions: { socket: { reconnectStrategy: AGAIN_MS } },
      scanInterval: AGAIN_MS,
    })
    client.on('error', ignored)
    await client.connect()
    context.onTestFinished(() => void client.destroy().catch(ignored))
    return client
  },
  ioredis(context, { name, sentinel }) {
    const client = new Redis({
      name,
      sentinels: [sentinel],
      retryStrategy: again,
      sentinelRetryStrategy: again,
    })
    client.on('error', ignored)
    context.onTestFinished(() => client.disconnect())
    return Promise.resolve(client)
  },
}

const OF_CLUSTER: Record<string, (context: TestContext, of: RedisCluster) => Promise<RedisClient>> = {
  async redis(context, { nodes }) {
    const rootNodes = nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` }))
    const client = createCluster({ rootNodes, defaults: { socket: { reconnectStrategy: AGAIN_MS } } })
    client.on('error', ignored)
    await client.connect()
    context.onTestFinished(() => client.destroy())
    return client
  },
  ioredis(context, { nodes }) {
    const client = new Cluster([...nodes], { clusterRetryStrategy: again, slotsRefreshInterval: 500 })
    client.on('error', ignored)
    context.onTestFinished(() => client.disconnect())
    return Promise.resolve(client)
  },
}

/** Holds some connections, kills their master, lets some more come and go, and looks at what the replica counts in the end. */
async function failOver(
  context: TestContext,
  client: RedisClient,
  prefix: string,
  { master, replica }: { master: RedisServer; replica: RedisServer },
): Promise<number> {
  const { expect } = context
  const counted = ({ port }: RedisServer) => redisCli(port, 'zcard', counterUnder(prefix))
  const at = gateOver(context, client, prefix, { read: 5 })
  const states = () => at.outages.map(({ state }) => state)
  const held = await at.fill(2)
  await expect.poll(() => counted(master)).toBe('2')
  await master.stop()
  const inTime = { timeout: 40_000, interval: 20 }
  const asked: Promise<void>[] = []
  const asking = setInterval(() => {
    asked.push(at.get().then((admission) => admission?.release()))
  }, 100)
  context.onTestFinished(() => clearInterval(asking))
  await expect.poll(states, inTime).toEqual(['began'])
  clearInterval(asking)
  await Promise.all(asked)
  expect(await at.fill(1)).toHaveLength(1)
  held[0]!.release()
  await expect.poll(() => redisCli(replica.port, 'info', 'replication'), inTime).toContain('role:master')
  const promoted = performance.now()
  await expect.poll(states, inTime).toEqual(['began', 'ended'])
  const took = performance.now() - promoted
  expect(Number(await redisCli(replica.port, 'zcard', counterUnder(prefix)))).toBe(2)
  expect(await at.fill(5)).toHaveLength(3)
  expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  expect(at.released.filter(({ why }) => why !== undefined)).toEqual([])
  return took
}

const counterUnder = (prefix: string) => `${prefix}{telephony|acme|read}`

/** From the promotion to exact, the client's own time to find the new master included. */
const RECOVERY_MS = 4000

describe.concurrent(
  'as a master dies its replica counts all that was held, and what came meanwhile,',
  { timeout: 120_000 },
  () => {
    for (const [name, connect] of Object.entries(OF_SENTINEL))
      test(`under Sentinel, over ${name}`, async (context) => {
        const setting = await startSentinel()
        context.onTestFinished(() => setting.stop())
        const took = await failOver(context, await connect(context, setting), freshPrefix(), setting)
        context.expect(took).toBeLessThan(RECOVERY_MS)
      })

    for (const [name, connect] of Object.entries(OF_CLUSTER))
      test(`in a cluster, over ${name}`, async (context) => {
        const cluster = await startRedisCluster()
        context.onTestFinished(() => cluster.stop())
        const prefix = freshPrefix()
        const servers = await cluster.addReplica(counterUnder(prefix))
        const took = await failOver(context, await connect(context, cluster), prefix, servers)
        context.expect(took).toBeLessThan(RECOVERY_MS)
      })
  },
)
