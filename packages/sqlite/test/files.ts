import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DriverName } from '@api-terms/sqlite'
import { driverOf } from '../src/drivers.js'

/** What this Node can open files with. */
export const DRIVERS_HERE = (['node:sqlite', 'libsql'] satisfies DriverName[]).filter((name) =>
  driverOf(name),
)

/** A folder for files of tests, each of which has a name of its own. */
export function folderOfFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'api-terms-sqlite-'))
  let files = 0
  return {
    path: folder,
    next: () => join(folder, `${++files}.db`),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
