import { createUsage } from '@api-terms/core'
import { buildServer } from '@api-terms/example-express'
import { demoRegistry, reportFault } from '@api-terms/example-telephony'
import { redisConnections, redisUsage } from '@api-terms/redis'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createClient } from 'redis'
import type { Task } from './workers.js'

// One of the processes: the API in Express, with its connections and its usage counted in Redis.
const stopping = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
process.send?.('ready')
const [{ redisUrl, digests, port, host }] = (await once(process, 'message')) as [Task]

const client = createClient({ url: redisUrl }).on('error', reportFault)
await client.connect()
const server = buildServer({
  registry: demoRegistry(digests),
  store: redisConnections({ client, onWarning: reportFault }),
  // Whichever process is asked, it tells of them all, up to the last second.
  usage: createUsage({ store: redisUsage({ client }), flushMs: 1_000 }),
})
await server.listen(port, host)

await stopping
// Its slots are free at once: the others need not wait for its leases to end.
await server.close()
client.destroy()
cluster.worker?.disconnect()
