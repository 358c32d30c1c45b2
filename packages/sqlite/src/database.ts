import { closeSync, openSync } from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import { OptionsError, StoreError, type Soon } from '@api-terms/core'
import { isBusy, resultCode, type Connection, type Statement } from './drivers.js'
import { migrate, versionOf } from './migrate.js'
import type { CheckedFile } from './options.js'

/** How long a read waits, with the whole process, for the moments in which SQLite locks readers out, in ms. */
const READ_WAIT_MS = 50

/**
 * A connection to a file. Whatever is confirmed is on the disk: it outlives `kill -9`, and with `durable` the loss of power too. Nothing
 * waits for another process's write but the write itself.
 */
export class Database {
  readonly #connection: Connection
  readonly #timeoutMs: number
  /** The last write that has to wait. */
  #line: Promise<unknown> | undefined
  #closed = false

  /** @throws OptionsError where the file cannot be opened, or is of another kind. */
  constructor({ path, driver, timeoutMs }: CheckedFile, { durable }: { readonly durable: boolean }) {
    this.#timeoutMs = timeoutMs
    let connection: Connection | undefined
    try {
      makeFile(path)
      connection = new driver(path)
      setUp(connection, timeoutMs, durable)
    } catch (cause) {
      connection?.close()
      if (cause instanceof Error && 'issues' in cause) throw cause
      throw new OptionsError([{ path: 'path', message: `cannot be opened: ${messageOf(cause)}` }])
    }
    this.#connection = connection
  }

  get closed(): boolean {
    return this.#closed
  }

  prepare(sql: string): Statement {
    return this.#connection.prepare(sql)
  }

  /**
   * Does some work as one transaction, in the order of the calls: on the spot where nobody else writes, and otherwise as soon as they
   * are done. Where it throws, or cannot be written, nothing has happened. `onDone` is called in the moment in which it is in force.
   */
  write<T>(work: () => T, onDone?: (result: T) => void): Soon<T> {
    if (!this.#line && this.#begin()) return this.#transact(work, onDone)
    const before = this.#line ?? Promise.resolve()
    const done = before.then(() => this.#inTurn(work, onDone))
    const line: Promise<unknown> = done
      .catch(() => undefined)
      .finally(() => {
        if (this.#line === line) this.#line = undefined
      })
    this.#line = line
    return done
  }

  /** What was asked for is done before. */
  async close(): Promise<void> {
    if (this.#closed) return
    await this.#line
    this.#closed = true
    this.#connection.close()
  }

  async #inTurn<T>(work: () => T, onDone?: (result: T) => void): Promise<T> {
    const until = performance.now() + this.#timeoutMs
    while (!this.#begin()) {
      if (performance.now() >= until)
        throw new StoreError(`api-terms: another process has been writing for ${this.#timeoutMs} ms`)
      // oxlint-disable-next-line no-await-in-loop -- the process goes on with its requests meanwhile
      await passed(1 + Math.random() * 9)
    }
    return this.#transact(work, onDone)
  }

  /** Whether it is for us to write now. It never waits: all requests would wait with it. */
  #begin(): boolean {
    if (this.#closed) throw new StoreError('api-terms: the file is closed')
    const connection = this.#connection
    connection.exec('PRAGMA busy_timeout = 0')
    try {
      connection.exec('BEGIN IMMEDIATE')
      return true
    } catch (cause) {
      if (isBusy(cause)) return false
      throw failure(cause)
    } finally {
      connection.exec(`PRAGMA busy_timeout = ${READ_WAIT_MS}`)
    }
  }

  #transact<T>(work: () => T, onDone?: (result: T) => void): T {
    let result: T
    try {
      result = work()
      this.#connection.exec('COMMIT')
    } catch (cause) {
      this.#rollback()
      throw failure(cause)
    }
    onDone?.(result)
    return result
  }

  /** SQLite has done it by itself where the disk is full or broken. */
  #rollback(): void {
    try {
      this.#connection.exec('ROLLBACK')
    } catch {
      // There is nothing to undo then.
    }
  }
}

/** As an error of the store, where it is one of SQLite's. */
export function failure(cause: unknown): unknown {
  if (resultCode(cause) === undefined) return cause
  return new StoreError(`api-terms: SQLite failed: ${messageOf(cause)}`, { cause })
}

/**
 * SQLite would make it readable by others; what it puts beside it takes its mode from here. A file that is there is not opened: as
 * it is closed again, the locks that this process may have on it would be gone (POSIX), and two processes would write at once.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

function setUp(connection: Connection, timeoutMs: number, durable: boolean): void {
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
