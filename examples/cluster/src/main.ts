import { address, announce, issueDemoKeys, urlOf } from '@api-terms/example-telephony'
import { findRedis } from './redis.js'
import { Workers } from './workers.js'

const PROCESSES = 4

const redis = await findRedis()
const { issued, digests } = issueDemoKeys()
const { port, host } = address()
const workers = new Workers({ redisUrl: redis.url, digests, port, host })

const close = async () => {
  await workers.stop()
  await redis.stop()
}
const stop = () => {
  // The second signal, of somebody who will not wait, kills it as it would any program.
  process.off('SIGTERM', stop).off('SIGINT', stop)
  void close()
}
process.on('SIGTERM', stop).on('SIGINT', stop)

try {
  const listening = await workers.start(PROCESSES)
  announce(urlOf({ address: host, port: listening.port }), issued)
} catch (error) {
  console.error(error)
  process.exitCode = 1
  await close()
}
