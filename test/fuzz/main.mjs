// pnpm fuzz [--requests 60000] [--seed 1] [--app express|koa|node]: malformed and hostile requests over bare sockets; none may get through, crash or hang.
import { parseArgs } from 'node:util'
import { Random, seedFrom } from '../random.mjs'
import { runRound } from './round.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '60000' },
    seed: { type: 'string' },
    app: { type: 'string' },
  },
})
const apps = values.app === undefined ? ['express', 'koa', 'node'] : [values.app]
const seed = seedFrom(values.seed)
const random = new Random(seed)
console.log(`seed ${seed}`)

const began = performance.now()
const requests = Math.ceil(Number(values.requests) / apps.length)
// All at once, since most of the time is spent waiting for the server to give up on somebody.
const rounds = await Promise.all(apps.map((app) => runRound({ app, requests, random: random.branch() })))
rounds.forEach(print)
const sent = rounds.reduce((sum, round) => sum + round.sent, 0)
const faults = rounds.reduce((sum, round) => sum + round.faults.length, 0)
console.log(
  `${sent} requests, ${((performance.now() - began) / 1000).toFixed(1)} s, ${faults} faults (seed ${seed})`,
)
process.exit(faults > 0 ? 1 : 0)

function print(round) {
  console.log(
    `\n${round.app}: ${round.sent} requests over ${round.connections} connections in ${round.seconds.toFixed(1)} s`,
  )
  console.log(`  kinds     ${written(round.kinds)}`)
  console.log(`  statuses  ${written(round.statuses)}`)
  console.log(`  reasons   ${written(round.reasons)}`)
  console.log(`  handler   reached ${round.reached} times, ${round.events} events`)
  for (const fault of round.faults) console.log(`  FAULT     ${fault}`)
}

function written(counts) {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
