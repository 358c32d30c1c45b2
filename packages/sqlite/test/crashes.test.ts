import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { sqliteRegistry } from '@api-terms/sqlite'
import { DRIVERS_HERE, folderOfFiles } from './files.js'
import { expectAll, startWriter, type Confirmed } from './writers.js'

/** More of them: `CRASHES=100`. */
const CRASHES = Number(process.env['CRASHES'] ?? 10)
const files = folderOfFiles()
afterAll(files.remove)

test.each(DRIVERS_HERE)(
  'with %s, what was confirmed is there after a process was killed as it wrote, and nothing is half done',
  { timeout: CRASHES * 10_000 },
  async (driver) => {
    const path = files.next()
    const registry = sqliteRegistry({ path, driver })
    await registry.registerAccount({ id: 'common', by: 'test' })
    await registry.close()

    const confirmed: Confirmed[] = []
    for (let crash = 0; crash < CRASHES; crash++) {
      // oxlint-disable-next-line no-await-in-loop -- each goes on with what the one before has left
      const writer = await startWriter({ path, driver, name: 'writer' })
      // oxlint-disable-next-line no-await-in-loop -- somewhere in the middle
      await passed(20 + Math.random() * 150)
      // oxlint-disable-next-line no-await-in-loop -- it has to be dead
      confirmed.push(...(await writer.killed()))
    }
    expect(confirmed.length).toBeGreaterThan(CRASHES)
    expect(await expectAll({ path, driver }, confirmed)).toBeGreaterThanOrEqual(confirmed.length)
  },
)
