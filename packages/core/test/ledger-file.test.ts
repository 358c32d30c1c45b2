import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileLedger, type LedgerEntry } from '@api-terms/core'
import { asking } from './gate-setting.js'
import { kept } from './ledger-setting.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-terms-ledger-'))
})

afterAll(() => rm(folder, { recursive: true }))

const linesIn = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n')

const idsIn = async (path: string) =>
  (await linesIn(path)).map((line) => Number((JSON.parse(line) as LedgerEntry).id))

/** An entry of at least so many bytes. */
const entry = (n: number, bytes = 0): LedgerEntry => ({
  id: `${n}`,
  at: new Date(),
  process: 'p',
  what: 'refused',
  count: 1,
  ...(bytes > 0 && { path: `/${'a'.repeat(bytes)}` }),
})

describe('a file', () => {
  test('stays where it is as the process goes into another folder', async () => {
    const before = process.cwd()
    const [first, other] = [join(folder, 'first'), join(folder, 'other')]
    await Promise.all([first, other].map((path) => mkdir(path)))
    try {
      process.chdir(first)
      const sink = fileLedger({ path: 'ledger.ndjson', maxBytes: 1 })
      await sink.write([entry(0)])
      process.chdir(other)
      await sink.write([entry(1)])
      await sink.close?.()
    } finally {
      process.chdir(before)
    }
    expect(await readdir(other)).toEqual([])
    expect(await readdir(first)).toEqual(['ledger.ndjson', 'ledger.ndjson.1'])
  })

  test('is begun anew in time, and only so many are kept', async () => {
    const path = join(folder, 'rotated.ndjson')
    const sink = fileLedger({ path, maxBytes: 2000, files: 3 })
    for (let n = 0; n < 100; n++) await sink.write([entry(n)])
    await sink.close?.()
    const files = (await readdir(folder)).filter((name) => name.startsWith('rotated')).toSorted()
    expect(files).toEqual(['rotated.ndjson', 'rotated.ndjson.1', 'rotated.ndjson.2'])
    const ids = (await Promise.all(files.toReversed().map((name) => idsIn(join(folder, name))))).flat()
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, n) => 100 - ids.length + n))
    for (const name of files) expect((await readFile(join(folder, name))).length).toBeLessThanOrEqual(2000)
  })

  test('is never longer than it may be, but for one entry that is', async () => {
    const path = join(folder, 'batches.ndjson')
    const sink = fileLedger({ path, maxBytes: 1000, files: 50 })
    const batch = Array.from({ length: 30 }, (_, n) => entry(n, 100))
    await sink.write([...batch, entry(30, 2000), entry(31)])
    await sink.close?.()
    const files = (await readdir(folder)).filter((name) => name.startsWith('batches'))
    const found = await Promise.all(
      files.map(async (name) => ({
        bytes: (await readFile(join(folder, name))).length,
        ids: await idsIn(join(folder, name)),
      })),
    )
    expect(found.filter(({ bytes }) => bytes > 1000).map(({ ids }) => ids)).toEqual([[30]])
    expect(found.flatMap(({ ids }) => ids).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 32 }, (_, n) => n),
    )
  })

  test.each([
    ['removed', (path: string) => rm(path)],
    ['renamed', (path: string) => rename(path, `${path}.old`)],
    ['truncated', (path: string) => truncate(path)],
  ])('that is %s beneath is begun anew', async (how, change) => {
    const path = join(folder, `${how}.ndjson`)
    const sink = fileLedger({ path, maxBytes: 100_000 })
    await sink.write([entry(1), entry(2)])
    await change(path)
    await sink.write([entry(3)])
    await sink.write([entry(4)])
    await sink.close?.()
    expect(await idsIn(path)).toEqual([3, 4])
  })

  test('is not opened again once the ledger is closed', async () => {
    const path = join(folder, 'closed.ndjson')
    const sink = fileLedger({ path })
    await sink.write([entry(1)])
    await sink.close?.()
    await expect(sink.write([entry(2)])).rejects.toThrow('closed')
    expect(await idsIn(path)).toEqual([1])
  })

  test('that a killed process left with half a line goes on in a new one', async () => {
    const path = join(folder, 'torn.ndjson')
    await writeFile(path, '{"id":"a"}\n{"id":"b')
    const { gate, ledger } = kept({ sink: fileLedger({ path }) })
    await gate.admit(asking(undefined))
    await ledger.close()
    expect(await linesIn(path)).toEqual([
      '{"id":"a"}',
      '{"id":"b',
      expect.stringContaining('credentials-missing'),
    ])
  })

  test.runIf(process.platform === 'linux')(
    'on a full disk costs no request, and what is not written is counted',
    async () => {
      const { gate, ledger, told } = kept({
        sink: fileLedger({ path: '/dev/full' }),
        maxQueued: 5,
        tellFirst: 100,
      })
      await gate.admit(asking(undefined))
      await ledger.flush()
      for (let n = 1; n < 20; n++) await gate.admit(asking(undefined))
      await ledger.close()
      expect(ledger.dropped).toBeGreaterThanOrEqual(20)
      expect(told.find((event) => event.name === 'warning')).toMatchObject({ cause: { code: 'ENOSPC' } })
    },
  )
})
