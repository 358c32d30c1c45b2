// What a refusal costs, beside the framework's own 404.
import { start } from './children.mjs'
import { inRounds, load, median, warm } from './rounds.mjs'
import { NOWHERE, TARGET } from './terms.mjs'

const FRAMEWORKS = { express: 'Express 5', koa: 'Koa 3' }
const SIDES = [
  ['404', "the framework's own 404"],
  ['401', 'bad key: 401'],
  ['429', 'over the limit: 429'],
]

export async function measureRefusals({ rounds, seconds, warmUp }) {
  const tables = []
  for (const [framework, title] of Object.entries(FRAMEWORKS)) {
    const measured = await oneFramework(framework, { rounds, seconds, warmUp })
    tables.push({
      title: `${title}, refusals (${rounds} rounds of ${seconds} s a side)`,
      rows: rowsOf(measured),
    })
  }
  return tables
}

async function oneFramework(framework, { rounds, seconds, warmUp }) {
  const bare = await start('server.mjs', [`${framework}/bare`, 10])
  const gate = await start('server.mjs', [`${framework}/gate`, 10])
  const { unknown, exhausted } = gate.facts
  const asks = {
    404: { child: bare, path: NOWHERE, key: unknown, status: 404 },
    401: { child: gate, path: TARGET, key: unknown, status: 401 },
    429: { child: gate, path: TARGET, key: exhausted, status: 429 },
  }
  for (const { child, ...about } of Object.values(asks)) await warm(child, { ...about, seconds: warmUp })
  const measured = await inRounds(Object.keys(asks), rounds, (side) => {
    const { child, ...about } = asks[side]
    return load(child, { ...about, seconds })
  })
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
