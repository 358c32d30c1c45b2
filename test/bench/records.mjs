// What the ledger and usage add to a request that the gate lets in.
import { start } from './children.mjs'
import { inRounds, load, median, warm } from './rounds.mjs'
import { TARGET } from './terms.mjs'

const FRAMEWORKS = { express: 'Express 5', koa: 'Koa 3' }
const SIDES = ['gate', 'records']

export async function measureRecords({ generations, rounds, seconds, warmUp }) {
  const tables = []
  for (const [framework, title] of Object.entries(FRAMEWORKS)) {
    const measured = []
    for (let generation = 0; generation < generations; generation++) {
      measured.push(...(await oneGeneration(framework, { rounds, seconds, warmUp })))
    }
    tables.push(tableOf(title, measured, seconds))
  }
  return tables
}

async function oneGeneration(framework, { rounds, seconds, warmUp }) {
  const children = Object.fromEntries(
    await Promise.all(
      SIDES.map(async (side) => [side, await start('server.mjs', [`${framework}/${side}`, 10])]),
    ),
  )
  const about = (side) => ({ path: TARGET, key: children[side].facts.keys[0], status: 200 })
  for (const side of SIDES) await warm(children[side], { ...about(side), seconds: warmUp })
  const measured = await inRounds(SIDES, rounds, (side) => load(children[side], { ...about(side), seconds }))
  await Promise.all(Object.values(children).map((child) => child.stop()))
  return measured
}

function tableOf(title, measured, seconds) {
  const of = (pick) => median(measured.map(pick))
  const rows = SIDES.map((side) => ({
    label: side === 'gate' ? 'with the gate' : 'with the gate, the ledger and usage',
    'requests/s': of((row) => row[side].rate),
    'CPU µs/request': of((row) => row[side].cpuUs),
    'of the gate, by rate': of((row) => row[side].rate / row.gate.rate),
    'of the gate, by CPU': of((row) => row.gate.cpuUs / row[side].cpuUs),
    aim: side === 'gate' ? '' : '>= 0.97',
  }))
  return { title: `${title}, ledger and usage (${measured.length} rounds of ${seconds} s a side)`, rows }
}
