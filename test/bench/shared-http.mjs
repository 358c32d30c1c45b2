// What the gate makes of requests where it counts in Redis, beside the gate that counts in its own memory.
import { start } from './children.mjs'
import { inRounds, load, median, warm } from './rounds.mjs'
import { TARGET } from './terms.mjs'

const SIDES = { memory: 'gate, memory', redis: 'gate, Redis' }
/** Twice as many are within the limit of 50: those of one round may still be ending as the next begins. */
const CONNECTIONS = 24

export async function httpTable(redis, { http: { rounds, seconds, warmUp } }) {
  const names = Object.keys(SIDES)
  const children = {
    memory: await start('server.mjs', ['express/gate', 10]),
    redis: await start('server.mjs', ['express/gate', 10, redis.url]),
  }
  const about = (name) => ({
    path: TARGET,
    key: children[name].facts.keys[0],
    status: 200,
    connections: CONNECTIONS,
  })
  for (const name of names) await warm(children[name], { ...about(name), seconds: warmUp })
  const measured = await inRounds(names, rounds, (name) => load(children[name], { ...about(name), seconds }))
  await Promise.all(Object.values(children).map((child) => child.stop()))
  const of = (pick) => median(measured.map(pick))
  const rows = names.map((name) => ({
    label: SIDES[name],
    'requests/s': of((row) => row[name].rate),
    'CPU µs/request': of((row) => row[name].cpuUs),
    'of memory, by rate': of((row) => row[name].rate / row.memory.rate),
    'of memory, by CPU': of((row) => row.memory.cpuUs / row[name].cpuUs),
  }))
  return {
    title: `Shared store, Express 5, GET ${TARGET}, ${CONNECTIONS} connections (${rounds} rounds of ${seconds} s a side)`,
    rows,
  }
}
