import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// Whether the benchmark runs and measures what it says; how fast anything is, is not for a test to say.

interface Table {
  readonly title: string
  readonly rows: readonly Readonly<Record<string, string | number>>[]
}

const PATIENCE_MS = 120_000
const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url))

let folder: string
let printed: string
let tables: Table[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-terms-bench-'))
  const file = join(folder, 'tables.json')
  const run = promisify(execFile)
  ;({ stdout: printed } = await run(process.execPath, [MAIN, '--tiny', '--json', file], {
    timeout: PATIENCE_MS,
  }))
  tables = JSON.parse(await readFile(file, 'utf8')) as Table[]
}, PATIENCE_MS)

afterAll(() => rm(folder, { recursive: true }))

test('the benchmark measures both frameworks, ledger and usage, refusals, decisions, memory and the shared store', () => {
  expect(tables.map(({ title }) => title.replace(/[,(].*/, '').trim())).toEqual([
    'Express 5',
    'Koa 3',
    'Express 5',
    'Koa 3',
    'Express 5',
    'Koa 3',
    'Decisions',
    'Memory',
    'Shared store',
    'Shared store',
    'Shared store',
    'Shared store',
    'Shared store',
  ])
  expect(tables.every(({ rows }) => rows.length >= 2)).toBe(true)
})

test('every number of the benchmark is one, and every rate and ratio to a side that was measured is above 0', () => {
  for (const { rows } of tables) {
    for (const row of rows) {
      for (const [column, value] of Object.entries(row)) {
        if (typeof value === 'string') continue
        expect(value, `${row['label']}: ${column}`).toEqual(expect.any(Number))
        expect(Number.isFinite(value), `${row['label']}: ${column}`).toBe(true)
        if (/\/s$|^ns|^CPU/.test(column)) expect(value, `${row['label']}: ${column}`).toBeGreaterThan(0)
      }
    }
  }
})

test('a side that is compared with itself has a ratio of 1', () => {
  for (const { rows } of tables) {
    const [first = {}] = rows
    for (const [column, value] of Object.entries(first)) {
      if (column.startsWith('of ')) expect({ column, value }).toEqual({ column, value: 1 })
    }
  }
})

test('what is printed holds each table with its rows', () => {
  for (const { title, rows } of tables) {
    expect(printed).toContain(title)
    for (const { label } of rows) expect(printed).toContain(label)
  }
  expect(printed).not.toMatch(/NaN|Infinity|undefined/)
})
