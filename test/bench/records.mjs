// What the ledger and usage add to a request that the gate lets in.
import { inGenerations } from './generations.mjs'
import { median } from './rounds.mjs'

const FRAMEWORKS = { express: 'Express 5', koa: 'Koa 3' }
const SIDES = ['gate', 'records']

export async function measureRecords(sizes) {
  const tables = []
  for (const [framework, title] of Object.entries(FRAMEWORKS)) {
    tables.push(tableOf(title, await inGenerations(framework, SIDES, sizes), sizes.requests))
  }
  return tables
}

function tableOf(title, measured, requests) {
  const of = (pick) => median(measured.map(pick))
  const rows = SIDES.map((side) => ({
    label: side === 'gate' ? 'with the gate' : 'with the gate, the ledger and usage',
    'requests/s': of((row) => row[side].rate),
    'CPU µs/request': of((row) => row[side].cpuUs),
    'of the gate, by rate': of((row) => row[side].rate / row.gate.rate),
    'of the gate, by CPU': of((row) => row.gate.cpuUs / row[side].cpuUs),
    aim: side === 'gate' ? '' : '>= 0.97',
  }))
  return {
    title: `${title}, ledger and usage (${measured.length} rounds of ${requests} requests a side)`,
    rows,
  }
}
