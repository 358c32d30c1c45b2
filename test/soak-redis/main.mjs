// npm run soak:redis [-- --requests 60000] [--seed 1] [--short]: four processes, real clients, faults; an observer sees whether the limits hold.
import { setTimeout as passed } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startOwnRedis } from '../own-redis.mjs'
import { Random, seedFrom } from '../random.mjs'
import { crowd } from './callers.mjs'
import { runFaults } from './faults.mjs'
import { ACCOUNTS, Fleet, LIMITS } from './fleet.mjs'
import { Observer } from './observer.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '60000' },
    concurrency: { type: 'string', default: '72' },
    seed: { type: 'string' },
    /** Without faults. */
    short: { type: 'boolean', default: false },
  },
})
const PROCESSES = 4
const LEASE_MS = 3000
/** No command is to take too long here, however busy the machine is: what is watched is the count. */
const TIMEOUT_MS = 750
const PREFIX = 'soak:'
/** Those of connections; the processes keep more there than these. */
const COUNTERS = `${PREFIX}{*|*|*}`
/** Until somebody looks for a free slot, and the observer's own way. */
const SLACK_MS = 1500

const seed = seedFrom(values.seed)
const began = performance.now()
const [redis, watched] = await Promise.all([startOwnRedis(), startOwnRedis()])
const observer = await Observer.at(watched.url)
const fleet = new Fleet({
  redisUrl: redis.url,
  observerUrl: watched.url,
  prefix: PREFIX,
  leaseMs: LEASE_MS,
  timeoutMs: TIMEOUT_MS,
})
await Promise.all(Array.from({ length: PROCESSES }, () => fleet.join()))

let faultsLeft = !values.short
const { tally, done } = await crowd({
  fleet,
  concurrency: Number(values.concurrency),
  random: new Random(seed),
  goesOn: ({ sent }) => faultsLeft || sent < Number(values.requests),
})
const { found, excused } = values.short
  ? { found: [], excused: [] }
  : await runFaults({ redis, observer, fleet, counters: COUNTERS, leaseMs: LEASE_MS })
faultsLeft = false
await done

const faults = []
const most = await observer.most('ever')
for (const account of ACCOUNTS)
  if ((most[account] ?? 0) < LIMITS[account])
    faults.push(`${account} had at most ${most[account] ?? 0} of ${LIMITS[account]} at work`)
for (const { account, inside, at } of await observer.over())
  if (!excused.some(({ from, to }) => at >= from && at <= to))
    faults.push(`${inside} of ${LIMITS[account]} were at work for ${account}`)
for (const { name, fullAfterMs, freeAfterMs = 0 } of found) {
  if (fullAfterMs === Infinity) faults.push(`${name}: the limits were never full again`)
  if (freeAfterMs > LEASE_MS + SLACK_MS) faults.push(`${name}: slots were free after ${freeAfterMs} ms only`)
}

const reports = await Promise.all(fleet.members.map(({ child }) => child.ask('report')))
faults.push(...reports.flatMap((report) => report.faults))
const calm = performance.now() + 2 * LEASE_MS
while ((await redis.client.keys(COUNTERS)).length > 0 && performance.now() < calm) await passed(50)
faults.push(...(await redis.client.keys(COUNTERS)).map((key) => `${key} was left in Redis`))
await Promise.all(fleet.members.map(({ child }) => child.ask('close').then(() => child.stop())))

const sum = (pick) =>
  reports.reduce((total, report) => {
    for (const [name, count] of Object.entries(pick(report))) total[name] = (total[name] ?? 0) + count
    return total
  }, {})
const seconds = (performance.now() - began) / 1000
console.log(`seed ${seed}: ${PROCESSES} processes, lease ${LEASE_MS} ms`)
console.log(
  `  requests   ${tally.sent}, of which ${tally.aborted} hung up; statuses ${written(tally.statuses)}`,
)
console.log(`  handlers   ${await observer.entered()} began; most at once ${written(most)}`)
console.log(`  refused    ${written(sum(({ refused }) => refused))}`)
console.log(`  ended      ${written(sum(({ ended }) => ended)) || 'none'}`)
console.log(`  warnings   ${written(sum(({ warnings }) => warnings)) || 'none'}`)
for (const { name, ...facts } of found) console.log(`  ${name}: ${written(facts)}`)
for (const fault of faults.slice(0, 20)) console.log(`  FAULT      ${fault}`)
console.log(`${tally.sent} requests, ${seconds.toFixed(1)} s, ${faults.length} faults (seed ${seed})`)
observer.close()
await Promise.all([redis.stop(), watched.stop()])
process.exit(faults.length > 0 ? 1 : 0)

function written(facts) {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(2)}`)
    .join(', ')
}
