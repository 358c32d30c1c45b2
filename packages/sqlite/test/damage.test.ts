import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { issueKey } from '@api-terms/core'
import { sqliteLedger, sqliteRegistry, sqliteUsage } from '@api-terms/sqlite'
import { driverOf, type Connection } from '../src/drivers.js'
import { migrate } from '../src/migrate.js'
import { MIGRATIONS } from '../src/schema.js'
import { DRIVERS_HERE, folderOfFiles } from './files.js'

// What becomes of a file that is damaged, replaced or written by others than registries.

const by = 'test'
const PAGE = 4096
const files = folderOfFiles()
afterAll(files.remove)

const codeOf = (error: unknown) => (error as { readonly code?: unknown }).code ?? String(error)
const NOT_DONE = { code: 'API_TERMS_STORE', outcome: 'none' }

describe.each(DRIVERS_HERE)('with %s', (driver) => {
  const connectionTo = (path: string): Connection => new (driverOf(driver)!)(path)

  test('whichever page is damaged, the file is refused as an option, or fails as a store', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    const accounts = Array.from({ length: 60 }, (_, i) => ({ id: `a${i}`, name: 'n'.repeat(300) }))
    await registry.perform({ kind: 'import', accounts, clients: [] }, { by })
    await registry.close()
    const connection = connectionTo(path)
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    connection.close()
    const whole = readFileSync(path)
    const outcomes = new Set<unknown>()
    for (let at = PAGE; at < whole.length; at += PAGE) {
      const damaged = files.next()
      writeFileSync(damaged, Buffer.from(whole).fill(0xaa, at, at + PAGE))
      for (const open of [sqliteRegistry, sqliteLedger, sqliteUsage]) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await open({ path: damaged, driver }).close()
        } catch (error) {
          outcomes.add(codeOf(error))
        }
      }
    }
    expect([...outcomes]).toEqual(['API_TERMS_OPTIONS'])
  })

  test('a record that cannot be read fails as the store does', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    await registry.registerAccount({ id: 'acme', by })
    const connection = connectionTo(path)
    connection.exec(`UPDATE accounts SET record = '{"id":"acme'`)
    connection.close()
    expect(() => registry.account('acme')).toThrow(expect.objectContaining({ code: 'API_TERMS_STORE' }))
    await expect(registry.suspend({ account: 'acme', by })).rejects.toMatchObject(NOT_DONE)
    await registry.close()
  })

  test('a migration that fails tells why, also where SQLite has undone it by itself', () => {
    const connection = connectionTo(files.next())
    const failing = [...MIGRATIONS, 'ROLLBACK; CREATE TABLE broken (']
    expect(() => migrate(connection, failing)).toThrow(/incomplete input|syntax error/)
    connection.close()
  })

  test('an operation of a registry that is closed, or that another process keeps waiting, says that nothing was changed', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver, timeoutMs: 20 })
    await registry.registerAccount({ id: 'acme', by })
    const other = connectionTo(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(registry.suspend({ account: 'acme', by })).rejects.toMatchObject(NOT_DONE)
    other.exec('ROLLBACK')
    other.close()
    await registry.close()
    await expect(registry.suspend({ account: 'acme', by })).rejects.toMatchObject(NOT_DONE)
  })

  test('a registry whose file was brought to a newer version meanwhile writes nothing more', async () => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    await registry.registerAccount({ id: 'acme', by })
    const newer = connectionTo(path)
    migrate(newer, [...MIGRATIONS, 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT'])
    newer.close()
    const refused = registry.suspend({ account: 'acme', by })
    await expect(refused).rejects.toMatchObject(NOT_DONE)
    await expect(refused).rejects.toThrow('another version')
    expect(registry.account('acme')).not.toHaveProperty('status')
    expect(registry.history()).toHaveLength(1)
    await registry.close()
  })

  test.each(['is gone', 'is another one'])(
    'where the file %s, an operation fails, and does not go where nobody finds it',
    async (what) => {
      const path = files.next()
      const registry = sqliteRegistry({ path, driver })
      await registry.registerAccount({ id: 'acme', by })
      const kept = files.next()
      if (what === 'is gone') for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      else {
        cpSync(path, kept)
        renameSync(kept, path)
      }
      const refused = registry.suspend({ account: 'acme', by })
      await expect(refused).rejects.toMatchObject(NOT_DONE)
      await expect(refused).rejects.toThrow('removed or replaced')
      await registry.close()
    },
  )
})

test('what is written past the registry is in force too where an operation comes with it', async () => {
  const path = files.next()
  const registry = sqliteRegistry({ path, pollMs: 10 })
  const other = sqliteRegistry({ path, pollMs: 1000 })
  const digests = [issueKey().digest, issueKey().digest]
  const clients = digests.map((digest, i) => ({ id: `c${i}`, account: 'acme', credentials: [{ digest }] }))
  await other.perform({ kind: 'import', accounts: [{ id: 'acme' }, { id: 'b' }], clients }, { by })
  await passed(50)
  const found = () => digests.map((digest) => registry.peekByDigest(digest)?.client.id)
  expect(found()).toEqual(['c0', 'c1'])
  const connection: Connection = new (driverOf(undefined)!)(path)
  connection.exec(`DELETE FROM credentials WHERE digest = '${digests[0]}'`)
  void other.verify({ account: 'b', by })
  await expect.poll(found, { timeout: 10_000, interval: 20 }).toEqual([undefined, 'c1'])
  connection.close()
  await Promise.all([registry.close(), other.close()])
})
