import { afterAll, beforeAll, describe } from 'vitest'
import { startRedisCluster, type RedisCluster } from '../../../test/redis-server.js'
import { storeContract } from '../../../test/store-contract.js'
import { CLUSTER_CLIENTS, type OpenClient } from './clients.js'
import { contractStores } from './store-setting.js'

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
