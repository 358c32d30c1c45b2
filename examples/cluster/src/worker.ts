import { createUsage } from '@api-terms/core'
import { buildServer } from '@api-terms/example-express'
import { coverageTable, demoRegistry, reportFault, untilStopped } from '@api-terms/example-telephony'
import { redisConnections, redisUsage } from '@api-terms/redis'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createClient } from 'redis'
import type { Begun, NotBegun, Task } from './workers.js'

// One of the processes: the API in Express, with its connections and its usage counted in Redis.
process.send?.('ready')
const [{ redisUrl, digests, port, host }] = (await once(process, 'message')) as [Task]

const client = createClient({ url: redisUrl }).on('error', reportFault)
await client.connect()
// Up to here it has nothing to end: a signal just kills it.
const stopped = untilStopped()
const server = buildServer({
  registry: demoRegistry(digests),
  store: redisConnections({ client, onWarning: reportFault }),
  // Whichever process is asked, it tells of them all, up to the last second.
  usage: createUsage({ store: redisUsage({ client }), flushMs: 1_000 }),
})
const begun: Begun | NotBegun = await server.listen(port, host).then(
  (url) => ({ url, coverage: coverageTable(server.telephony.gate) }),
  (error: unknown) => ({ cannot: (error as Error).message }),
)
process.send?.(begun)

await stopped
// Its slots are free at once: the others need not wait for its leases to end.
await server.close()
client.destroy()
cluster.worker?.disconnect()
