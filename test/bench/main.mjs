// pnpm bench [http] [records] [refusals] [decisions] [memory] [shared] [--quick | --tiny] [--json <file>]
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureDecisions } from './decisions.mjs'
import { measureHttp } from './http.mjs'
import { measureMemory } from './memory.mjs'
import { measureRecords } from './records.mjs'
import { measureRefusals } from './refusals.mjs'
import { measureShared } from './shared.mjs'
import { printed } from './table.mjs'

/** How much of each part: by default for numbers to quote, `--quick` for a look, `--tiny` to see that it runs. */
const SIZES = {
  default: {
    http: { generations: 4, rounds: 100, requests: 400, warmUp: 4 },
    records: { generations: 6, rounds: 150, requests: 400, warmUp: 4 },
    refusals: { rounds: 200, requests: 400, warmUp: 2 },
    decisions: {
      accounts: [10, 1000, 100_000, 1_000_000],
      cached: [10, 1000],
      batches: 400,
      rounds: 9,
      warmUp: 3,
    },
    memory: { connections: 2000, repeats: 2 },
    shared: {
      rounds: 11,
      ms: 1000,
      warmUp: 3,
      counted: 20_000,
      memory: { accounts: 10_000, perAccount: [1, 10, 100] },
      http: { rounds: 100, requests: 400, warmUp: 2 },
      scale: {
        processes: [1, 2, 4],
        accounts: [10, 1000, 10_000, 100_000],
        limits: [10, 100, 1000, 10_000],
      },
    },
  },
  quick: {
    http: { generations: 1, rounds: 60, requests: 400, warmUp: 3 },
    records: { generations: 1, rounds: 100, requests: 400, warmUp: 3 },
    refusals: { rounds: 60, requests: 400, warmUp: 2 },
    decisions: { accounts: [10, 1000, 100_000], cached: [10], batches: 40, rounds: 11, warmUp: 5 },
    memory: { connections: 1000, repeats: 1 },
    shared: {
      rounds: 7,
      ms: 500,
      warmUp: 2,
      counted: 5000,
      memory: { accounts: 1000, perAccount: [1, 10] },
      http: { rounds: 40, requests: 400, warmUp: 2 },
      scale: { processes: [1, 4], accounts: [10, 10_000], limits: [10, 1000] },
    },
  },
  tiny: {
    http: { generations: 1, rounds: 2, requests: 60, warmUp: 0 },
    records: { generations: 1, rounds: 2, requests: 60, warmUp: 0 },
    refusals: { rounds: 2, requests: 60, warmUp: 0 },
    decisions: { accounts: [10, 100], cached: [10], batches: 2, rounds: 3, warmUp: 1 },
    memory: { connections: 50, repeats: 1 },
    shared: {
      rounds: 1,
      ms: 100,
      warmUp: 1,
      counted: 200,
      memory: { accounts: 100, perAccount: [1, 5] },
      http: { rounds: 2, requests: 60, warmUp: 0 },
      scale: { processes: [2], accounts: [100], limits: [50] },
    },
  },
}
const PARTS = {
  http: measureHttp,
  records: measureRecords,
  refusals: measureRefusals,
  decisions: measureDecisions,
  memory: measureMemory,
  shared: measureShared,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, tiny: { type: 'boolean' }, json: { type: 'string' } },
})
const unknown = positionals.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  console.error(`there is no part called ${unknown.join(', ')}; there are: ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}
const size = SIZES[values.tiny ? 'tiny' : values.quick ? 'quick' : 'default']

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}; medians\n`,
)
const tables = []
for (const [name, measure] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  for (const table of await measure(size[name])) {
    tables.push(table)
    console.log(`${printed(table)}\n`)
  }
}
if (values.json) writeFileSync(values.json, JSON.stringify(tables))
process.exit()
