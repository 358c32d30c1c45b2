// npm run return [-- --rounds 20]: three processes under load; Redis is killed and comes back empty; an observer sees when the limit holds again.
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { issueKey } from '@api-terms/core'
import { Child } from '../child.mjs'
import { startOwnRedis } from '../own-redis.mjs'
import { Observer } from '../soak-redis/observer.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))
const PROCESSES = 3
const ACCOUNT = 'acme'
const LIMIT = 9
/** More than the limit, in each process. */
const TASKS = 12
const TIMEOUT_MS = 500
const PATIENCE_MS = 30_000
/** So long it goes on without Redis. */
const AWAY_MS = 500
/** A release is not waited for: what is frozen may have one on its way. */
const ON_ITS_WAY_MS = 3000

const { key, digest } = issueKey()
const records = {
  accounts: [{ id: ACCOUNT, limits: { read: LIMIT } }],
  clients: [{ id: 'acme-crm', account: ACCOUNT, credentials: [{ digest }] }],
}
const [first, watched] = await Promise.all([startOwnRedis(), startOwnRedis()])
const { port, url } = first
let redis = first
const observer = await Observer.at(watched.url)
const children = Array.from({ length: PROCESSES }, (_, i) => {
  const options = { redisUrl: url, observerUrl: watched.url, key, records, account: ACCOUNT, limit: LIMIT }
  return new Child(SERVER, [
    JSON.stringify({ ...options, name: `process-${i}`, tasks: TASKS, timeoutMs: TIMEOUT_MS }),
  ])
})
await Promise.all(children.map((child) => child.ready()))
await until('all know of one another', () => all('health', ({ processes }) => processes === PROCESSES))
await ask('begin')

/** In each Redis dies, and comes back empty. */
const rounds = []
for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round())
const faults = (await ask('faults')).flat()
for (const child of children) await child.stop()
observer.close()
await Promise.all([redis.stop(), watched.stop()])
const exactAfterMs = median(rounds.map((each) => each.exactAfterMs))
console.log(JSON.stringify({ exactAfterMs, rounds, faults }))

async function round() {
  await observer.beginLately()
  await until('the limit is used to the full', async () => (await observer.most('lately'))[ACCOUNT] >= LIMIT)
  await ask('outages')
  await redis.stop()
  await until('all know that it is away', () => all('health', ({ store }) => store === 'unavailable'))
  await passed(AWAY_MS)
  const before = (await observer.over()).length
  redis = await startOwnRedis(port)
  const back = Date.now()
  await until('all know that it is back', () => all('health', ({ store }) => store === 'available'))
  const ended = (await ask('outages')).flat().filter(({ state }) => state === 'ended')
  // Long enough for whoever came in wrongly to be seen.
  await passed(AWAY_MS)
  const over = (await observer.over()).slice(before)
  await ask('freeze')
  const [counted, seen] = await countedAndSeen()
  await ask('thaw')
  return {
    exactAfterMs: Math.max(...[...ended, ...over].map(({ at }) => at)) - back,
    over: over.length,
    most: Math.max(0, ...over.map(({ inside }) => inside)),
    counted,
    seen,
  }
}

/** As Redis counts, and as the observer does, while nobody comes or goes. */
async function countedAndSeen() {
  const patience = performance.now() + ON_ITS_WAY_MS
  for (;;) {
    const counted = await redis.client.zCard(`api-terms:{telephony|${ACCOUNT}|read}`)
    const seen = await observer.insideAll(ACCOUNT)
    if (counted === seen || performance.now() > patience) return [counted, seen]
    await passed(10)
  }
}

function ask(question) {
  return Promise.all(children.map((child) => child.ask(question)))
}

async function all(question, holds) {
  return (await ask(question)).every(holds)
}

async function until(what, holds) {
  const end = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so within ${PATIENCE_MS} ms: ${what}`)
    await passed(5)
  }
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
