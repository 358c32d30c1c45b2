// What a refusal costs, beside the framework's own 404.
import { Callers, compare } from './callers.mjs'
import { start } from './children.mjs'
import { median } from './rounds.mjs'
import { NOWHERE, TARGET } from './terms.mjs'

const FRAMEWORKS = { express: 'Express 5', koa: 'Koa 3' }
const SIDES = [
  ['404', "the framework's own 404"],
  ['401', 'bad key: 401'],
  ['429', 'over the limit: 429'],
]

export async function measureRefusals(sizes) {
  const tables = []
  for (const [framework, title] of Object.entries(FRAMEWORKS)) {
    const measured = await oneFramework(framework, sizes)
    tables.push({
      title: `${title}, refusals (${sizes.rounds} rounds of ${sizes.requests} requests a side)`,
      rows: rowsOf(measured),
    })
  }
  return tables
}

async function oneFramework(framework, sizes) {
  const bare = await start('server.mjs', [`${framework}/bare`, 10])
  const gate = await start('server.mjs', [`${framework}/gate`, 10])
  const { unknown, exhausted } = gate.facts
  const callers = {
    404: new Callers(bare, { path: NOWHERE, key: unknown, status: 404 }),
    401: new Callers(gate, { path: TARGET, key: unknown, status: 401 }),
    429: new Callers(gate, { path: TARGET, key: exhausted, status: 429 }),
  }
  const measured = await compare(callers, sizes)
  await Promise.all([bare.stop(), gate.stop()])
  return measured
}

function rowsOf(measured) {
  const of = (pick) => median(measured.map(pick))
  return SIDES.map(([side, label]) => ({
    label,
    'requests/s': of((row) => row[side].rate),
    'CPU µs/request': of((row) => row[side].cpuUs),
    'of the 404, by rate': of((row) => row[side].rate / row[404].rate),
    'of the 404, by CPU': of((row) => row[404].cpuUs / row[side].cpuUs),
    aim: side === '404' ? '' : '> 1',
  }))
}
