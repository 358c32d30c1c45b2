import { afterAll, beforeAll, describe } from 'vitest'
import { startRedisCluster, type RedisCluster } from '../../../test/redis-server.js'
import { registryContract } from '../../../test/registry-contract.js'
import { CLUSTER_CLIENTS, type OpenClient } from './clients.js'
import { registriesOver } from './registry-setting.js'

let cluster: RedisCluster
beforeAll(async () => void (cluster = await startRedisCluster()))
afterAll(() => cluster.stop())

describe.each(['redis 6', 'ioredis 6'])('over %s', (name) => {
  let open: OpenClient
  beforeAll(async () => void (open = await CLUSTER_CLIENTS[name]!(cluster.nodes)))
  afterAll(() => open.close())

  registryContract('a registry in a Redis Cluster', (clock) => registriesOver(open.client, clock))
})
