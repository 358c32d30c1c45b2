import { afterAll, describe, expect, test } from 'vitest'
import type { UsageRow } from '@api-terms/core'
import { sqliteUsage } from '@api-terms/sqlite'
import { DRIVERS_HERE, folderOfFiles } from './files.js'

const files = folderOfFiles()
afterAll(files.remove)

const DAY = '2026-01-31'
const row = (changes: Partial<UsageRow> = {}): UsageRow => ({
  api: 'telephony',
  account: 'acme',
  class: 'read',
  day: DAY,
  connections: 2,
  refusals: { 'connections-exhausted': 3 },
  heldMs: 1500,
  bytesIn: 100,
  bytesOut: 2 ** 40,
  peak: 2,
  ...changes,
})

describe.each(DRIVERS_HERE)('usage in a file, with %s', (driver) => {
  test('adds up over processes, each batch once', async () => {
    const path = files.next()
    const [one, other] = [sqliteUsage({ path, driver }), sqliteUsage({ path, driver })]
    const odd = row({ account: '"\0', class: 'a|b', refusals: {} })
    await one.add({ process: 'one', serial: 1, rows: [row(), odd] })
    await other.add({
      process: 'two',
      serial: 1,
      rows: [row({ peak: 1, refusals: { 'credentials-missing': 1 } })],
    })
    const again = {
      process: 'one',
      serial: 2,
      rows: [row({ peak: 7, refusals: {} }), row({ account: 'globex' })],
    }
    await one.add(again)
    await one.add(again)
    await one.add({ process: 'one', serial: 3, rows: [] })
    const refusals = { 'connections-exhausted': 3, 'credentials-missing': 1 }
    const sum = row({ connections: 6, heldMs: 4500, bytesIn: 300, bytesOut: 3 * 2 ** 40, peak: 7, refusals })
    expect(new Set(await other.read({ from: DAY, to: DAY }))).toEqual(
      new Set([sum, odd, row({ account: 'globex' })]),
    )
    expect(await other.read({ from: DAY, to: DAY, account: 'acme' })).toEqual([sum])
    expect(await other.read({ from: DAY, to: DAY, account: '"\0' })).toEqual([odd])
    expect(await other.read({ from: DAY, to: DAY, api: 'other' })).toEqual([])
    expect(await other.read({ from: '2026-02-01', to: '2026-12-31' })).toEqual([])
    await Promise.all([one.close(), other.close()])
    await expect(one.read({ from: DAY, to: DAY })).rejects.toThrow('closed')
    await expect(one.add(again)).rejects.toMatchObject({ code: 'API_TERMS_STORE' })
  })

  test('is kept for so many days', async () => {
    const usage = sqliteUsage({ path: files.next(), driver, days: 2 })
    const days = ['2026-01-29', '2026-01-30', '2026-01-31']
    for (const [i, day] of days.entries())
      await usage.add({ process: 'one', serial: i + 1, rows: [row({ day })] })
    const kept = await usage.read({ from: '2026-01-01', to: '2026-12-31' })
    expect(kept.map(({ day }) => day).toSorted()).toEqual(days.slice(1))
    await usage.close()
  })

  test('is not driven out by a day of a clock that was wrong, and batches stay known', async () => {
    const usage = sqliteUsage({ path: files.next(), driver, days: 3 })
    const send = (process: string, serial: number, day: string) =>
      usage.add({ process, serial, rows: [row({ day, connections: 1 })] })
    await send('one', 1, '2026-01-29')
    await send('one', 2, '2026-01-30')
    await send('one', 3, '2026-01-31')
    await send('two', 1, '2036-01-31')
    await send('two', 2, '1970-01-01')
    // Its answer was lost.
    await send('one', 3, '2026-01-31')
    const kept = await usage.read({ from: '1970-01-01', to: '2036-12-31' })
    expect(kept.map(({ day, connections, refusals }) => [day, connections, refusals])).toEqual([
      ['2026-01-30', 1, { 'connections-exhausted': 3 }],
      ['2026-01-31', 1, { 'connections-exhausted': 3 }],
      ['2036-01-31', 1, { 'connections-exhausted': 3 }],
    ])
    await usage.close()
  })

  test('goes day by day, one with each batch, where fewer are to be kept than before', async () => {
    const path = files.next()
    const days = Array.from({ length: 9 }, (_, day) => `2026-01-0${day + 1}`)
    const before = sqliteUsage({ path, driver })
    await before.add({ process: 'one', serial: 1, rows: days.map((day) => row({ day })) })
    await before.close()
    const usage = sqliteUsage({ path, driver, days: 7 })
    const left = async (serial: number) => {
      await usage.add({ process: 'two', serial, rows: [row({ day: '2026-01-09' })] })
      return (await usage.read({ from: '2026-01-01', to: '2026-12-31' })).length
    }
    expect([await left(1), await left(2), await left(3)]).toEqual([8, 7, 7])
    await usage.close()
  })
})

test('options that are wrong are listed at once', () => {
  expect(() => sqliteUsage({ path: '', days: 0 })).toThrow(/path: .*\n.*days: /)
})
