// What the gate costs a request that it lets in, beside the bare framework and beside the stack that people assemble.
import { inGenerations } from './generations.mjs'
import { median } from './rounds.mjs'
import { TARGET } from './terms.mjs'

const FRAMEWORKS = { express: { title: 'Express 5', aim: 0.95 }, koa: { title: 'Koa 3', aim: 0.9 } }
const SIDES = {
  bare: 'bare',
  gate: 'with the gate',
  everything: 'with all that follows accounts too',
  stack: 'with the stack',
}

export async function measureHttp(sizes) {
  const tables = []
  for (const [framework, facts] of Object.entries(FRAMEWORKS)) {
    tables.push(tableOf(facts, await inGenerations(framework, Object.keys(SIDES), sizes), sizes.requests))
  }
  return tables
}

function tableOf({ title, aim }, measured, requests) {
  const of = (pick) => median(measured.map(pick))
  const rows = Object.entries(SIDES).map(([side, label]) => ({
    label: side === 'bare' ? `bare ${title}` : label,
    'requests/s': of((row) => row[side].rate),
    'CPU µs/request': of((row) => row[side].cpuUs),
    'of bare, by rate': of((row) => row[side].rate / row.bare.rate),
    'of bare, by CPU': of((row) => row.bare.cpuUs / row[side].cpuUs),
    aim: side === 'gate' || side === 'everything' ? `>= ${aim}` : '',
  }))
  const added = (side, pick) =>
    of((row) => (pick(row[side]) - pick(row.bare)) / (pick(row.stack) - pick(row.bare)))
  for (const side of ['gate', 'everything'])
    rows.push({
      label: `added ${SIDES[side].replace('with', 'by')} / by the stack`,
      'of bare, by rate': added(side, ({ rate }) => 1 / rate),
      'of bare, by CPU': added(side, ({ cpuUs }) => cpuUs),
      aim: '<= 0.20',
    })
  return { title: `${title}, GET ${TARGET} (${measured.length} rounds of ${requests} requests a side)`, rows }
}
