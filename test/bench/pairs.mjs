// A child process: takes a connection and gives it back, again and again. node pairs.mjs <side> <options as JSON>
import { setImmediate as turnEnds } from 'node:timers/promises'
import { redisConnections } from '@api-terms/redis'
import { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { Semaphore } from 'redis-semaphore'

const [side, json] = process.argv.slice(2)
const { url, accounts, limit, held, concurrency, apart, ms, pairs } = JSON.parse(json)
const LEASE_MS = 600_000
/** A rate that no round reaches: what is measured is the counting. */
const NEVER_REACHED = 1_000_000_000

const overRedis = () => createClient({ url }).connect()
const overIoredis = () => Promise.resolve(new Redis(url))

/** What takes and gives back once, by side. */
const SIDES = {
  'api-terms, redis': async () => ours(await overRedis()),
  'api-terms, ioredis': async () => ours(await overIoredis()),
  async 'redis-semaphore, ioredis'() {
    const client = await overIoredis()
    return async (account) => {
      const semaphore = new Semaphore(client, account, limit, { lockTimeout: LEASE_MS })
      await semaphore.acquire()
      await semaphore.release()
    }
  },
  'rate-limiter-flexible, ioredis': async () => limiter({ storeClient: await overIoredis() }),
  'rate-limiter-flexible, redis': async () =>
    limiter({ storeClient: await overRedis(), useRedisPackage: true }),
}

async function ours(client) {
  const store = redisConnections({ client, prefix: `${side}:`, leaseMs: LEASE_MS, timeoutMs: 30_000 })
  const ask = (account) => ({
    api: 'telephony',
    account,
    class: 'read',
    limit,
    waitMs: 0,
    maxWaiting: 0,
    client: 'client',
    target: '/v1/extensions',
  })
  const all = Array.from({ length: accounts }, (_, at) => nameOf(at))
  // So that as many are open meanwhile as in an account that makes use of its limit.
  for (const account of held > 0 ? all : [])
    await Promise.all(Array.from({ length: held }, () => store.acquire(ask(account)).answer))
  return async (account) => {
    const { lease, inUse } = await store.acquire(ask(account)).answer
    if (!lease) throw new Error(`refused with ${inUse} of ${limit} open`)
    store.release(lease)
    // As in a process with little to do: what is given back goes alone.
    if (apart) await turnEnds()
  }
}

function limiter(options) {
  const counting = new RateLimiterRedis({ ...options, points: NEVER_REACHED, duration: 60 })
  return (account) => counting.consume(account)
}

const nameOf = (at) => `account-${at}`

/** As many at once as told, for a time, or until so many have been made. Few accounts are shared out, so that none is full. */
async function round(once) {
  let made = 0
  let begun = 0
  const began = performance.now()
  const goesOn = () => (pairs ? begun < pairs : performance.now() - began < ms)
  const before = process.cpuUsage()
  await Promise.all(
    Array.from({ length: concurrency }, async (_, task) => {
      while (goesOn()) {
        begun++
        await once(nameOf(accounts > concurrency ? Math.floor(Math.random() * accounts) : task % accounts))
        made++
      }
    }),
  )
  const { user, system } = process.cpuUsage(before)
  return { made, rate: (made * 1000) / (performance.now() - began), cpuUs: (user + system) / made }
}

const once = await SIDES[side]()
process.on('message', ({ id }) => void round(once).then((answer) => process.send({ id, answer })))
process.on('disconnect', () => process.exit())
process.send({ ready: {} })
