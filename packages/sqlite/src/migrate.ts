import { OptionsError } from '@api-terms/core'
import type { Connection } from './drivers.js'
import { APPLICATION_ID, MIGRATIONS } from './schema.js'

/**
 * Brings a file to the version that this package knows, in one transaction: whatever stops it, the file is of the one version or the
 * other.
 *
 * @throws OptionsError where the file is of a newer version, or holds something else.
 */
export function migrate(connection: Connection, migrations: readonly string[] = MIGRATIONS): void {
  if (versionOf(connection, migrations.length) === migrations.length) return
  connection.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have done it while this one waited.
    const version = versionOf(connection, migrations.length)
    for (const migration of migrations.slice(version)) connection.exec(migration)
    connection.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`,
    )
  } catch (cause) {
    undo(connection)
    throw cause
  }
}

/**
 * The version of a file, which is only read; 0 for a new one.
 *
 * @throws OptionsError where the file is of a newer version, or holds something else.
 */
export function versionOf(connection: Connection, known = MIGRATIONS.length): number {
  const { version, application, tables } = connection
    .prepare(
      `SELECT user_version AS version, application_id AS application, (SELECT count(*) FROM sqlite_schema) AS tables
       FROM pragma_user_version, pragma_application_id`,
    )
    .get() as { readonly version: number; readonly application: number; readonly tables: number }
  const isNew = version === 0 && application === 0 && tables === 0
  if (!isNew && application !== APPLICATION_ID)
    throw refusal('holds something else: choose another file, or a new one')
  if (version > known)
    throw refusal(
      `was written by a newer @api-terms/sqlite (version ${version} of the file; this one knows ${known}): update it`,
    )
  return version
}

/** Ends a transaction that failed. SQLite has done it by itself where the disk is full or broken: then there is nothing to undo. */
export function undo(connection: Connection): void {
  try {
    connection.exec('ROLLBACK')
  } catch {
    // What failed before tells more.
  }
}

function refusal(message: string): OptionsError {
  return new OptionsError([{ path: 'path', message }])
}
