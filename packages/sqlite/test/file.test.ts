import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { sqliteRegistry, type DriverName, type SqliteRegistryOptions } from '@api-terms/sqlite'
import { historyOf, replayed, stateOf } from '../../../test/registry-replay.js'
import { driverOf, type Connection } from '../src/drivers.js'
import { migrate } from '../src/migrate.js'
import { MIGRATIONS } from '../src/schema.js'
import { DRIVERS_HERE, folderOfFiles } from './files.js'

const by = 'test'
const files = folderOfFiles()
afterAll(files.remove)

const FIRST_VERSION = readFileSync(new URL('version-1.sql', import.meta.url), 'utf8')

describe.each(DRIVERS_HERE)('with %s', (driver) => {
  test('a new file is for its owner alone, and so is what stands beside it', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    await registry.registerAccount({ id: 'acme', by })
    for (const each of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(each).mode & 0o777).toBe(0o600)
    await registry.close()
    await registry.close()
    expect(() => registry.account('acme')).toThrow('the registry is closed')
    expect(() => registry.peekByDigest('1'.repeat(64))).toThrow('the registry is closed')
    await expect(registry.verify({ account: 'acme', by })).rejects.toMatchObject({ code: 'API_TERMS_STORE' })
  })

  test('what was asked for before it was closed is done', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    const other = connectionTo(path, driver)
    other.exec('BEGIN IMMEDIATE')
    const asked = registry.registerAccount({ id: 'acme', by }).catch((error: unknown) => error)
    const closed = registry.close()
    other.exec('COMMIT')
    await closed
    await asked
    const again = sqliteRegistry({ path, driver })
    expect(again.history()).toHaveLength(1)
    await again.close()
  })

  test('the history of a file is altered by nobody', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    await registry.registerAccount({ id: 'acme', by })
    await registry.suspend({ account: 'acme', by, why: 'a "why"\nof two lines, \0 and half of \ud83d' })
    const history = registry.history()
    expect(history[1]?.why).toBe('a "why"\nof two lines, \0 and half of \ud83d')
    const connection = connectionTo(path, driver)
    const alterations = [
      "UPDATE history SET why = 'other' WHERE id = 2",
      'DELETE FROM history',
      "INSERT OR REPLACE INTO history VALUES (1, '', '', NULL, '{}', '[]', NULL)",
      "INSERT INTO history VALUES (7, '', '', NULL, '{}', '[]', NULL)",
      'UPDATE concerned SET entry = 1',
      'DELETE FROM concerned',
    ]
    for (const sql of alterations) expect(() => connection.exec(sql)).toThrow('the history')
    expect(registry.history()).toEqual(history)
    connection.close()
    await registry.close()
  })

  test('a file of version 1 is read, and brought up to date', async () => {
    const path = files.next()
    const connection = connectionTo(path, driver)
    connection.exec(FIRST_VERSION)
    connection.close()
    const registry = sqliteRegistry({ path, driver })
    expect(registry.peekByDigest('1'.repeat(64))).toMatchObject({
      account: { id: 'acme', limits: { read: Infinity }, verifiedAt: new Date('2026-01-01') },
      client: { id: 'crm' },
      credential: { id: 'k1' },
    })
    expect(registry.history({ after: 2 })).toMatchObject([{ id: 3, by: 'ops', why: 'first\nkey' }])
    await registry.suspend({ partner: 'resell', by })
    const history = await historyOf(registry)
    expect(history).toHaveLength(4)
    expect(replayed(history)).toEqual(await stateOf(registry))
    await registry.close()
    expect(versionOf(path, driver)).toBe(MIGRATIONS.length)
  })

  test('a file of a newer version is refused, and left as it is', () => {
    const path = files.next()
    const connection = connectionTo(path, driver)
    migrate(connection, [...MIGRATIONS, 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT'])
    connection.close()
    const before = readFileSync(path)
    expect(faultsOf({ path, driver })).toEqual([
      [
        'path',
        `was written by a newer @api-terms/sqlite (version ${MIGRATIONS.length + 1} of the file; this one knows ${MIGRATIONS.length}): update it`,
      ],
    ])
    expect(versionOf(path, driver)).toBe(MIGRATIONS.length + 1)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a migration that is killed in the middle leaves the version before', () => {
    const path = files.next()
    const connection = connectionTo(path, driver)
    migrate(connection, MIGRATIONS.slice(0, 1))
    connection.close()
    const killed = spawnSync(
      process.execPath,
      [new URL('killed-migration.mjs', import.meta.url).pathname, JSON.stringify({ path, driver })],
      { encoding: 'utf8' },
    )
    expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', ''])
    const again = connectionTo(path, driver)
    expect(again.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([])
    expect(again.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 1 })
    again.close()
  })

  test('a file that holds something else is refused, and left as it is', () => {
    const [text, other] = [files.next(), files.next()]
    writeFileSync(text, 'no database at all\n'.repeat(100))
    expect(faultsOf({ path: text, driver })).toEqual([['path', 'cannot be opened: file is not a database']])
    const connection = connectionTo(other, driver)
    connection.exec('CREATE TABLE t (a)')
    connection.close()
    const before = readFileSync(other)
    expect(faultsOf({ path: other, driver })).toEqual([
      ['path', 'holds something else: choose another file, or a new one'],
    ])
    expect(readFileSync(other).equals(before)).toBe(true)
  })
})

describe('options', () => {
  test('are checked at once, each with its remedy', () => {
    const wrong = { path: '', driver: 'sqlite3', timeoutMs: -1, pollMs: 5000, clock: {}, paht: 'x' }
    expect(faultsOf(wrong as unknown as SqliteRegistryOptions)).toEqual([
      ['paht', 'is not an option; there are path, driver, timeoutMs, pollMs, clock'],
      ['path', 'must be the path of a file'],
      ['driver', 'must be one of: node:sqlite, libsql'],
      ['timeoutMs', 'must be a whole number of ms, 0 or more'],
      ['pollMs', 'must be a whole number of ms, 10 to 1000'],
      ['clock', 'must be { now }, in ms since 1970; leave it out for the clock of the system'],
    ])
  })

  test.each([
    [undefined, 'must be the path of a file'],
    [':memory:', 'must be a file: what is in memory alone is for memoryRegistry() of @api-terms/core'],
    ['/no/such/folder/accounts.db', 'must be in a folder that is there: make it first'],
    [files.path, /^cannot be opened: /],
  ])('refuse the path %s', (path, message) => {
    const [fault] = faultsOf({ path: path as string })
    expect(fault).toEqual(['path', typeof message === 'string' ? message : expect.stringMatching(message)])
  })

  test('tell what to do where no driver is there', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
    try {
      expect(faultsOf({ path: files.next(), driver: 'node:sqlite' })).toEqual([
        ['driver', "is not in this Node: use Node 22.13 or later, or driver: 'libsql'"],
      ])
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('of a path like an address name a file', async () => {
    const before = process.cwd()
    process.chdir(files.path)
    const registry = sqliteRegistry({ path: 'file:accounts.db?mode=memory' })
    process.chdir(before)
    await registry.close()
    expect(existsSync(`${files.path}/file:accounts.db?mode=memory`)).toBe(true)
  })
})

function connectionTo(path: string, driver: DriverName): Connection {
  const opened = driverOf(driver)
  if (!opened) throw new Error(`${driver} is not there`)
  return new opened(path)
}

function versionOf(path: string, driver: DriverName): number {
  const connection = connectionTo(path, driver)
  const row = connection.prepare('PRAGMA user_version').get() as { readonly user_version: number }
  connection.close()
  return row.user_version
}

function faultsOf(options: SqliteRegistryOptions): [path: string, message: string][] {
  try {
    sqliteRegistry(options)
  } catch (error) {
    const { issues } = error as { readonly issues: readonly { path: string; message: string }[] }
    return issues.map(({ path, message }) => [path, message])
  }
  return []
}
