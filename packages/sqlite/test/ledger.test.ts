import { afterAll, describe, expect, test } from 'vitest'
import { createGate, createLedger, memoryRegistry, readRequest, type LedgerEntry } from '@api-terms/core'
import { sqliteLedger } from '@api-terms/sqlite'
import { DRIVERS_HERE, folderOfFiles } from './files.js'

const files = folderOfFiles()
afterAll(files.remove)

const DAY_MS = 86_400_000
let serial = 0
const entry = (changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id: `entry-${++serial}`,
  at: new Date(),
  process: 'host-1',
  what: 'refused',
  count: 1,
  account: 'acme',
  reason: 'connections-exhausted',
  ...changes,
})

describe.each(DRIVERS_HERE)('a ledger in a file, with %s', (driver) => {
  test('keeps entries in order, each once, whoever sends them again', async () => {
    const path = files.next()
    const [ledger, another] = [sqliteLedger({ path, driver }), sqliteLedger({ path, driver })]
    const entries = [
      entry({ since: new Date('2026-01-01'), count: 7 }),
      entry({ account: 'odd \0 "name"\n' }),
      entry({ what: 'warning' }),
      entry({ message: 'it\'s "said"' }),
    ]
    await ledger.write(entries.slice(0, 3))
    await ledger.write(entries)
    const last = entries.toReversed()
    expect(another.read()).toEqual(last)
    expect(another.read({ limit: 2 })).toEqual(last.slice(0, 2))
    expect(another.read({ limit: 2, before: last[1]!.id })).toEqual(last.slice(2))
    expect(another.read({ account: 'odd \0 "name"\n' })).toEqual([entries[1]])
    expect(another.read({ account: 'acme', what: 'refused' })).toEqual([entries[3], entries[0]])
    await Promise.all([ledger.close(), another.close()])
    expect(() => ledger.read()).toThrow('closed')
  })

  test('is bounded by days and by entries', async () => {
    const ledger = sqliteLedger({ path: files.next(), driver, days: 30, maxEntries: 5 })
    await ledger.write([entry({ at: new Date(Date.now() - 31 * DAY_MS) }), entry({ id: 'kept' })])
    expect(ledger.read().map(({ id }) => id)).toEqual(['kept'])
    for (let i = 0; i < 4; i++) await ledger.write([entry(), entry()])
    expect(ledger.read()).toHaveLength(5)
    expect(ledger.read().map(({ id }) => id)).not.toContain('kept')
    await ledger.close()
  })

  test('ends a page that would begin at an entry which has gone', async () => {
    const ledger = sqliteLedger({ path: files.next(), driver, maxEntries: 3 })
    await ledger.write([entry(), entry(), entry()])
    const before = ledger.read().at(-1)!.id
    await ledger.write([entry()])
    expect(ledger.read({ before })).toEqual([])
    expect(ledger.read({ account: 'acme', before: 'never there' })).toEqual([])
    await ledger.close()
  })

  test('is read whole where no limit is asked for, and not where it makes no sense', async () => {
    const ledger = sqliteLedger({ path: files.next(), driver })
    await ledger.write(Array.from({ length: 150 }, () => entry()))
    expect(ledger.read()).toHaveLength(100)
    expect(ledger.read({ limit: Infinity })).toHaveLength(150)
    for (const limit of [0, -1, 1.5, NaN, '5' as never])
      expect(() => ledger.read({ limit })).toThrow(/limit: must be a whole number of entries/)
    await ledger.close()
  })

  test('is told by a gate what it refused', async () => {
    const sink = sqliteLedger({ path: files.next(), driver })
    const ledger = createLedger({ sinks: [sink] })
    const gate = createGate({ terms: { url: 'https://provider.example/terms' }, registry: memoryRegistry() })
    ledger.follow(gate)
    await gate.admit(readRequest({ method: 'GET', target: '/v1', headers: {} }))
    await gate.close()
    await ledger.flush()
    expect(sink.read()).toMatchObject([{ what: 'refused', reason: 'credentials-missing', count: 1 }])
    await ledger.close()
  })
})

test('options that are wrong are listed at once', () => {
  const wrong = { path: files.path, days: 0, maxEntries: 1.5, maxRows: 1 }
  expect(() => sqliteLedger(wrong)).toThrow(/maxRows: is not an option; .*\n.*days: .*\n.*maxEntries: /)
})
