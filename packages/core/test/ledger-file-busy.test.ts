import type * as Files from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { fileLedger } from '@api-terms/core'
import { asking } from './gate-setting.js'
import { kept } from './ledger-setting.js'

// A mount on the file, an attribute of it, or a reader on Windows: what is open to be written cannot be renamed or removed.

/** The names of files that stay where they are. */
const busy = vi.hoisted(() => new Set<string>())
/** How many files can be opened. */
const left = vi.hoisted(() => ({ handles: Infinity }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Files>()
  const unlessBusy =
    <Args extends [path: string, ...rest: never[]], Answer>(work: (...args: Args) => Promise<Answer>) =>
    (...args: Args): Promise<Answer> =>
      busy.has(basename(args[0]))
        ? Promise.reject(Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' }))
        : work(...args)
  return {
    ...real,
    rename: unlessBusy(real.rename as (from: string, to: string) => Promise<void>),
    rm: unlessBusy(real.rm as (path: string) => Promise<void>),
    open: (...args: Parameters<typeof real.open>) =>
      left.handles-- > 0 ? real.open(...args) : Promise.reject(new Error('EMFILE: too many open files')),
  }
})

let folder: string
let path: string
let serial = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-terms-ledger-busy-'))
})

beforeEach(async () => {
  busy.clear()
  left.handles = Infinity
  path = join(folder, `${++serial}.ndjson`)
  for (const number of [1, 2, 3]) await writeFile(`${path}.${number}`, `older: ${number}\n`)
})

afterAll(() => rm(folder, { recursive: true }))

/** Writes so many refusals, two or so to a file. */
async function write(count: number, files = 4) {
  const { gate, ledger, warnings } = kept({
    sink: fileLedger({ path, maxBytes: 700, files }),
    tellFirst: 1000,
  })
  for (let n = 0; n < count; n++) {
    await gate.admit(asking(undefined, 'GET', `/${n}`))
    await ledger.flush()
  }
  await ledger.close()
  return { dropped: ledger.dropped, warnings: warnings() }
}

async function refusalsIn(file: string): Promise<number> {
  return (await readFile(file, 'utf8')).split('"refused"').length - 1
}

const older = (number: number) => readFile(`${path}.${number}`, 'utf8')

test('a file that cannot be taken out of the way goes on, with a warning, and none that is older is lost', async () => {
  busy.add(basename(path))
  const { dropped, warnings } = await write(20)
  expect(await refusalsIn(path)).toBe(20)
  expect(await Promise.all([1, 2, 3].map(older))).toEqual(['older: 1\n', 'older: 2\n', 'older: 3\n'])
  expect(dropped).toBe(0)
  expect(warnings).toMatchObject([
    {
      code: 'ledger-failed',
      message: expect.stringContaining('a new file') as string,
      cause: { code: 'EBUSY' },
    },
  ])
})

test('as soon as it can, it moves on, and those before it', async () => {
  busy.add(basename(path))
  await write(20)
  busy.clear()
  await write(1)
  expect(await refusalsIn(`${path}.1`)).toBe(20)
  expect(await Promise.all([2, 3].map(older))).toEqual(['older: 1\n', 'older: 2\n'])
})

test('where an older one cannot be moved on, those that are newer wait for it, and none is lost', async () => {
  busy.add(`${basename(path)}.1`)
  const { dropped } = await write(20)
  expect(await refusalsIn(`${path}.0`)).toBeGreaterThanOrEqual(1)
  expect((await refusalsIn(`${path}.0`)) + (await refusalsIn(path))).toBe(20)
  expect(dropped).toBe(0)
  // The oldest had to go all the same, once.
  expect(await Promise.all([1, 3].map(older))).toEqual(['older: 1\n', 'older: 2\n'])
  busy.clear()
  await write(1)
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(path)))
  expect(names.toSorted()).toEqual(['', '.1', '.2', '.3'].map((end) => basename(path) + end))
})

test('the only one that there may be goes on too', async () => {
  busy.add(basename(path))
  const { dropped, warnings } = await write(20, 1)
  expect(await refusalsIn(path)).toBe(20)
  expect([dropped, warnings.length]).toEqual([0, 1])
})

test('a batch that failed half-way, between two files, is written on from there', async () => {
  const { gate, ledger } = kept({
    sink: fileLedger({ path, maxBytes: 700, files: 100 }),
    tellFirst: 1000,
  })
  left.handles = 3
  for (let n = 0; n < 20; n++) void gate.admit(asking(undefined, 'GET', `/${n}`))
  await ledger.flush()
  left.handles = Infinity
  await ledger.close()
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(path)))
  const counts = await Promise.all(names.map((name) => refusalsIn(join(folder, name))))
  expect(counts.reduce((sum, count) => sum + count)).toBe(20)
})
