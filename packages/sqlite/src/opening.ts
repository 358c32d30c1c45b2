import { closeSync, openSync, statSync } from 'node:fs'
import { isBusy, type Connection } from './drivers.js'
import { migrate, versionOf } from './migrate.js'

/** How long a read waits, with the whole process, for the moments in which SQLite locks readers out, in ms. */
export const READ_WAIT_MS = 50

/**
 * SQLite would make it readable by others; what it puts beside it takes its mode from here. A file that is there is not opened: as
 * it is closed again, the locks that this process may have on it would be gone (POSIX), and two processes would write at once.
 */
export function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

/** Brings a file that was opened to the version and the settings of this package. */
export function setUp(connection: Connection, timeoutMs: number, durable: boolean): void {
  connection.exec(`PRAGMA busy_timeout = ${timeoutMs}`)
  // First, since a file that is refused is to stay as it was.
  versionOf(connection)
  writeAhead(connection, performance.now() + timeoutMs)
  migrate(connection)
  connection.exec(`
    PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'};
    PRAGMA fullfsync = ${durable ? 'ON' : 'OFF'};
    PRAGMA foreign_keys = ON;
    PRAGMA busy_timeout = ${READ_WAIT_MS};
  `)
}

/** With a log that is written ahead nobody who reads waits for who writes. It stays with the file. */
function writeAhead(connection: Connection, until: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      const { journal_mode } = connection.prepare('PRAGMA journal_mode = WAL').get() as {
        readonly journal_mode: string
      }
      if (journal_mode === 'wal') return
      throw new Error(`the disk has no place for a write-ahead log (journal_mode ${journal_mode})`)
    } catch (cause) {
      // Several processes open a new file at once: SQLite itself does not wait for this one.
      if (!isBusy(cause) || performance.now() >= until) throw cause
      Atomics.wait(pause, 0, 0, 5)
    }
  }
}

/** Which file has this name now, where there is one that can be seen. */
export function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev} ${ino}`
  } catch {
    return undefined
  }
}
