// The store in Redis: how many pairs of acquire and release it makes, beside what people use today, and how that scales.
import { startOwnRedis } from '../own-redis.mjs'
import { start } from './children.mjs'
import { inRounds, median } from './rounds.mjs'
import { costTable, cpuUs, memoryTable } from './shared-cost.mjs'
import { httpTable } from './shared-http.mjs'

const OURS = 'api-terms, redis'
const SEMAPHORE = 'redis-semaphore, ioredis'
const CONSUME = 'rate-limiter-flexible, ioredis'
const SIDES = [OURS, 'api-terms, ioredis', SEMAPHORE, CONSUME, 'rate-limiter-flexible, redis']
const ORDINARY = { accounts: 8, limit: 10, held: 0, concurrency: 64 }

export async function measureShared(size) {
  const redis = await startOwnRedis()
  try {
    return [
      await pairsTable(redis, size),
      await costTable(redis, { ...ORDINARY, sides: [OURS, SEMAPHORE, CONSUME], pairs: size.counted }),
      await memoryTable(redis, { ...size.memory, side: OURS }),
      await httpTable(redis, size),
      await scaleTable(redis, size),
    ]
  } finally {
    await redis.stop()
  }
}

async function pairsTable(redis, { rounds, ms, warmUp }) {
  const children = {}
  for (const side of SIDES) children[side] = await beginning(redis, side, { ...ORDINARY, ms })
  const ask = (side) => children[side].ask('round')
  await inRounds(SIDES, warmUp, ask)
  const measured = await inRounds(SIDES, rounds, ask)
  await Promise.all(Object.values(children).map((child) => child.stop()))
  const of = (pick) => median(measured.map(pick))
  const rows = SIDES.map((side) => ({
    label: side.startsWith('rate') ? `${side} (one consume)` : side,
    'pairs/s': of((row) => row[side].rate),
    'CPU µs/pair': of((row) => row[side].cpuUs),
    'times redis-semaphore': of((row) => row[side].rate / row[SEMAPHORE].rate),
    'times one consume': of((row) => row[side].rate / row[CONSUME].rate),
    aim: side === OURS ? '>= 1.8, >= 1' : '',
  }))
  return { title: `Shared store, one process, 64 at once (${rounds} rounds of ${ms} ms a side)`, rows }
}

/** One thing changes at a time; everything else is as in the row of one process. */
async function scaleTable(redis, { rounds, ms, warmUp, scale }) {
  const ways = [
    ...scale.processes.map((processes) => ({
      label: processes === 1 ? '1 process' : `${processes} processes`,
      processes,
    })),
    ...scale.accounts.map((accounts) => ({ label: `${number(accounts)} accounts`, accounts })),
    ...scale.limits.map((limit) => ({
      label: `limit ${number(limit)}, all but 10 held`,
      accounts: 10,
      limit,
      held: limit - 10,
    })),
  ]
  const rows = []
  for (const { label, processes = 1, ...changes } of ways) {
    await redis.client.flushAll()
    const children = []
    for (let at = 0; at < processes; at++)
      children.push(
        await beginning(redis, OURS, {
          ...ORDINARY,
          ...changes,
          limit: (changes.limit ?? ORDINARY.limit) * processes,
          ms,
        }),
      )
    const together = () => Promise.all(children.map((child) => child.ask('round')))
    for (let round = 0; round < warmUp; round++) await together()
    const measured = []
    for (let round = 0; round < rounds; round++) {
      const before = await cpuUs(redis)
      const answers = await together()
      const made = answers.reduce((sum, answer) => sum + answer.made, 0)
      measured.push({
        rate: answers.reduce((sum, answer) => sum + answer.rate, 0),
        redisUs: ((await cpuUs(redis)) - before) / made,
      })
    }
    await Promise.all(children.map((child) => child.stop()))
    rows.push({
      label,
      'pairs/s': median(measured.map(({ rate }) => rate)),
      "Redis's CPU µs/pair": median(measured.map(({ redisUs }) => redisUs)),
    })
  }
  return { title: `Shared store, how it scales (${rounds} rounds of ${ms} ms)`, rows }
}

function beginning(redis, side, options) {
  return start('pairs.mjs', [side, JSON.stringify({ url: redis.url, ...options })])
}

const number = (value) => value.toLocaleString('en-US')
