// What the gate makes of requests where it counts in Redis, beside the gate that counts in its own memory.
import { Callers, compare } from './callers.mjs'
import { start } from './children.mjs'
import { median } from './rounds.mjs'
import { TARGET } from './terms.mjs'

const SIDES = { memory: 'gate, memory', redis: 'gate, Redis' }
/** Twice as many are within the limit of 50: those of one round may still be ending as the next begins. */
const CONNECTIONS = 24

export async function httpTable(redis, { http: sizes }) {
  const names = Object.keys(SIDES)
  const children = {
    memory: await start('server.mjs', ['express/gate', 10]),
    redis: await start('server.mjs', ['express/gate', 10, redis.url]),
  }
  const callersOf = (child) =>
    new Callers(child, { path: TARGET, key: child.facts.keys[0], status: 200, connections: CONNECTIONS })
  const callers = { memory: callersOf(children.memory), redis: callersOf(children.redis) }
  const measured = await compare(callers, sizes)
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
    title: `Shared store, Express 5, GET ${TARGET}, ${CONNECTIONS} connections (${sizes.rounds} rounds of ${sizes.requests} requests a side)`,
    rows,
  }
}
