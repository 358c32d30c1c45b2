import { Cluster as Ioredis6Cluster, Redis as Ioredis6 } from 'ioredis'
import { Cluster as Ioredis5Cluster, Redis as Ioredis5 } from 'ioredis5'
import * as redis6 from 'redis'
import * as redis4 from 'redis4'
import * as redis5 from 'redis5'
import type { RedisClient } from '@api-terms/redis'

/** A connected client, as a provider makes one. */
export interface OpenClient {
  readonly client: RedisClient
  close(): unknown
}

export type ClientMaker<Where> = (where: Where) => Promise<OpenClient>

async function ofRedis(client: ReturnType<typeof redis6.createClient>): Promise<OpenClient> {
  await client.connect()
  return { client, close: () => client.destroy() }
}

function ofIoredis(client: Ioredis6 | Ioredis5): Promise<OpenClient> {
  return Promise.resolve({ client, close: () => client.disconnect() })
}

/** Every kind of client of a single server, by name. */
export const CLIENTS: Record<string, ClientMaker<string>> = {
  'redis 6': (url) => ofRedis(redis6.createClient({ url })),
  'redis 5': (url) => ofRedis(redis5.createClient({ url }) as never),
  async 'redis 4'(url) {
    const client = redis4.createClient({ url })
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  'ioredis 6': (url) => ofIoredis(new Ioredis6(url)),
  'ioredis 6 with a prefix of its own': (url) => ofIoredis(new Ioredis6(url, { keyPrefix: 'ours:' })),
  'ioredis 5': (url) => ofIoredis(new Ioredis5(url)),
  async 'a function that sends a command'(url) {
    const client = redis6.createClient({ url })
    await client.connect()
    return { client: (args: string[]) => client.sendCommand(args), close: () => client.destroy() }
  },
}

type Nodes = readonly { readonly host: string; readonly port: number }[]

const urls = (nodes: Nodes) => nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` }))

/** Every kind of client of a cluster, by name. */
export const CLUSTER_CLIENTS: Record<string, ClientMaker<Nodes>> = {
  async 'redis 6'(nodes) {
    const client = redis6.createCluster({ rootNodes: urls(nodes) })
    await client.connect()
    return { client, close: () => client.destroy() }
  },
  async 'redis 4'(nodes) {
    const client = redis4.createCluster({ rootNodes: urls(nodes) })
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  async 'ioredis 6'(nodes) {
    const client = new Ioredis6Cluster([...nodes])
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
  async 'ioredis 5'(nodes) {
    const client = new Ioredis5Cluster([...nodes])
    return Promise.resolve({ client, close: () => client.disconnect() })
  },
}
