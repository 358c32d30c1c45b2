import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRedisCluster, type RedisCluster } from '../../../test/redis-server.js'
import { storeContract } from '../../../test/store-contract.js'
import { CLUSTER_CLIENTS, type OpenClient } from './clients.js'
import { contractStores, freshPrefix } from './store-setting.js'
import { limitOf, open as opened, sides } from './voice-setting.js'

let cluster: RedisCluster
beforeAll(async () => void (cluster = await startRedisCluster()))
afterAll(() => cluster.stop())

// Each store has names of its own, and the contract mostly waits.
describe.concurrent.each(Object.entries(CLUSTER_CLIENTS))('over %s', (_, connect) => {
  const stores = contractStores()
  let open: OpenClient
  beforeAll(async () => void (open = await connect(cluster.nodes)))
  afterAll(async () => {
    await stores.close()
    await open.close()
  })

  storeContract('connections in a Redis Cluster', () => stores.make(open.client))
})

describe.each(Object.entries(CLUSTER_CLIENTS))('gates over %s', (_, connect) => {
  test('hear of limits and ends, however many share the client', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error) => void warnings.push(warning)
    process.on('warning', warned)
    const { client, close } = await connect(cluster.nodes)
    const all = await sides(client, freshPrefix(), 12)
    const held = await Promise.all(all.map(opened))
    await all[0]!.gate.setLimits({ read: 7 })
    await expect.poll(() => limitOf(all[11]!)).toBe(7)
    expect(await all[5]!.gate.end({}, 'maintenance')).toBe(12)
    expect(held.every(({ connection }) => connection.signal.aborted)).toBe(true)
    await Promise.all(all.map(({ gate }) => gate.close()))
    await close()
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })
})
