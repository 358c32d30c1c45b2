import { address, announce, issueDemoKeys, reportEnd, untilStopped } from '@api-terms/example-telephony'
import { findRedis } from './redis.js'
import { Workers } from './workers.js'

const PROCESSES = 4

const stopped = untilStopped()
await serve().catch(reportEnd)

async function serve(): Promise<void> {
  const where = address()
  const redis = await findRedis()
  const { issued, digests } = issueDemoKeys()
  const workers = new Workers({ redisUrl: redis.url, digests, ...where })
  try {
    const begun = await Promise.race([workers.start(PROCESSES), stopped])
    if (begun) announce(begun.url, issued, begun.coverage)
    await stopped
  } finally {
    await workers.stop()
    await redis.stop()
  }
}
