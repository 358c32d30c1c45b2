import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
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

describe('a file', () => {
  const linesIn = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n')

  test('is begun anew in time, and only so many are kept', async () => {
    const path = join(folder, 'rotated.ndjson')
    const sink = fileLedger({ path, maxBytes: 2000, files: 3 })
    const entry = (n: number) => ({
      id: `${n}`,
      at: new Date(),
      process: 'p',
      what: 'refused' as const,
      count: 1,
    })
    for (let n = 0; n < 100; n++) await sink.write([entry(n)])
    await sink.close?.()
    const files = (await readdir(folder)).filter((name) => name.startsWith('rotated')).toSorted()
    expect(files).toEqual(['rotated.ndjson', 'rotated.ndjson.1', 'rotated.ndjson.2'])
    const left = (await Promise.all(files.toReversed().map((name) => linesIn(join(folder, name))))).flat()
    const ids = left.map((line) => Number((JSON.parse(line) as LedgerEntry).id))
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, n) => 100 - ids.length + n))
    for (const name of files) expect((await readFile(join(folder, name))).length).toBeLessThanOrEqual(2000)
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
