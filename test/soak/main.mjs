// pnpm soak [--requests 120000] [--seed 1] [--app express|koa|http2] [--together] [--short]: many real requests that end in all the ways there are; nothing may be left.
import { parseArgs } from 'node:util'
import { Random, seedFrom } from '../random.mjs'
import { runRound } from './round.mjs'
import { printRound } from './summary.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '120000' },
    concurrency: { type: 'string', default: '60' },
    seed: { type: 'string' },
    app: { type: 'string' },
    /** All rounds at the same time: sooner done, less told by the heap. */
    together: { type: 'boolean', default: false },
    /** One round for each framework. */
    short: { type: 'boolean', default: false },
  },
})
const ROUNDS = [
  { app: 'express', registry: 'memory', waitMs: 0 },
  { app: 'koa', registry: 'slow', waitMs: 100 },
  { app: 'http2', registry: 'memory', waitMs: 100 },
  { app: 'express', registry: 'slow', waitMs: 0 },
  { app: 'koa', registry: 'memory', waitMs: 0 },
  { app: 'http2', registry: 'slow', waitMs: 0 },
]
  .filter(({ app }) => values.app === undefined || app === values.app)
  .slice(0, values.short ? 3 : undefined)

const seed = seedFrom(values.seed)
const random = new Random(seed)
const requests = Math.ceil(Number(values.requests) / ROUNDS.length)
console.log(`seed ${seed}`)

const began = performance.now()
const rounds = ROUNDS.map((round) => {
  const own = random.branch()
  return () => runRound({ ...round, requests, concurrency: Number(values.concurrency), random: own })
})
const summaries = []
const done = (summary) => {
  summaries.push(summary)
  printRound(summary)
}
if (values.together) await Promise.all(rounds.map((run) => run().then(done)))
// oxlint-disable-next-line no-await-in-loop -- one server at a time
else for (const run of rounds) done(await run())
const sent = summaries.reduce((sum, round) => sum + round.sent, 0)
const faults = summaries.reduce((sum, round) => sum + round.faults.length, 0)
console.log(
  `${sent} requests, ${((performance.now() - began) / 1000).toFixed(1)} s, ${faults} faults (seed ${seed})`,
)
process.exit(faults > 0 ? 1 : 0)
