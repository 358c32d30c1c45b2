import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueKey } from '@api-terms/core'
import { TestClock } from '../../../test/clock.js'
import { sqliteRegistry, type SqliteRegistry } from '@api-terms/sqlite'
import { Database } from '../src/database.js'
import { checkFile } from '../src/options.js'
import { DRIVERS_HERE, folderOfFiles } from './files.js'
import { expectAll, startWriter } from './writers.js'

const by = 'test'
const files = folderOfFiles()
afterAll(files.remove)

describe.each(DRIVERS_HERE)('with %s', (driver) => {
  test(
    'processes that open a new file and write to it at once lose nothing',
    { timeout: 60_000 },
    async () => {
      const path = files.next()
      const registry = sqliteRegistry({ path, driver, timeoutMs: 30_000 })
      await registry.registerAccount({ id: 'common', by })
      const names = ['one', 'other', 'third']
      const writers = await Promise.all(names.map((name) => startWriter({ path, driver, name, most: 6 })))
      const confirmed = (await Promise.all(writers.map((writer) => writer.finished()))).flat()
      expect(confirmed).toHaveLength(names.length * 6 * 7)
      expect(new Set(confirmed.map(([id]) => id)).size).toBe(confirmed.length)
      await registry.close()
      expect(await expectAll({ path, driver }, confirmed)).toBe(confirmed.length + 1)
    },
  )
})

describe('what another has done', () => {
  const { digest } = issueKey()
  const path = files.next()
  let here: SqliteRegistry
  let elsewhere: SqliteRegistry
  beforeAll(async () => {
    here = sqliteRegistry({ path, pollMs: 50 })
    elsewhere = sqliteRegistry({ path, pollMs: 50 })
    await elsewhere.registerAccount({ id: 'acme', by })
    await elsewhere.registerClient({ id: 'crm', account: 'acme', by })
    await elsewhere.perform({ kind: 'issue-key', client: 'crm', credential: { digest } }, { by })
  })
  afterAll(() => Promise.all([here.close(), elsewhere.close()]))

  test('is in force here within pollMs, and told', async () => {
    const told: unknown[] = []
    here.onChange((change) => told.push(change))
    expect(here.peekByDigest(digest)?.account.status).toBeUndefined()
    const before = here.peekByDigest(digest)
    expect(here.peekByDigest(digest)).toBe(before)
    await elsewhere.suspend({ account: 'acme', by })
    const since = performance.now()
    while (here.peekByDigest(digest)?.account.status !== 'suspended') {
      // oxlint-disable-next-line no-await-in-loop -- as requests come
      await passed(1)
    }
    expect(performance.now() - since).toBeLessThan(50 + 150)
    await passed(60)
    expect(told).toContainEqual({ account: 'acme', everywhere: true })
  })

  test('is in force with the next request where this process was held up and its timer is late', async () => {
    await elsewhere.reinstate({ account: 'acme', by })
    await passed(120)
    expect(here.peekByDigest(digest)?.account.status).toBe('active')
    await elsewhere.suspend({ account: 'acme', by })
    const until = performance.now() + 60
    while (performance.now() < until);
    expect(here.peekByDigest(digest)?.account.status).toBe('suspended')
  })

  test('is in force too where it was written past the registry', async () => {
    await passed(60)
    expect(here.peekByDigest(digest)).toBeDefined()
    const database = new Database(checkFile({ path }, {}), { durable: true })
    database.prepare('DELETE FROM credentials').run()
    await database.close()
    await passed(120)
    expect(here.peekByDigest(digest)).toBeUndefined()
  })
})

test('an operation waits for another process without holding this one up, and fails in time', async () => {
  const path = files.next()
  const registry = sqliteRegistry({ path, timeoutMs: 500 })
  await registry.registerAccount({ id: 'acme', by })
  const other = new Database(checkFile({ path }, {}), { durable: true })
  other.prepare('BEGIN IMMEDIATE').run()

  let longest = 0
  let last = performance.now()
  const heart = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  await expect(registry.suspend({ account: 'acme', by })).rejects.toMatchObject({ code: 'API_TERMS_STORE' })
  // Held up it would have been for all of the half second.
  expect(longest).toBeLessThan(250)

  const first = registry.suspend({ account: 'acme', by })
  const second = registry.reinstate({ account: 'acme', by })
  expect(registry.account('acme')).toMatchObject({ id: 'acme' })
  other.prepare('COMMIT').run()
  expect([(await first).id, (await second).id]).toEqual([2, 3])
  clearInterval(heart)
  await other.close()
  await registry.close()
})

test('an operation that waited is judged by the time at which it is done, not at which it was asked for', async () => {
  const [path, clock, day] = [files.next(), new TestClock(), 86_400_000]
  const registry = sqliteRegistry({ path, clock })
  const later = (days: number) => new Date(clock.now() + days * day)
  await registry.registerAccount({ id: 'acme', by })
  await registry.terminate({ account: 'acme', from: later(1), by })
  const other = new Database(checkFile({ path }, {}), { durable: true })
  other.prepare('BEGIN IMMEDIATE').run()
  const moved = registry.terminate({ account: 'acme', from: later(9), by })
  clock.advance(day)
  other.prepare('ROLLBACK').run()
  await expect(moved).rejects.toMatchObject({ fault: 'terminated' })
  await other.close()
  await registry.close()
})
