import { setTimeout as passed } from 'node:timers/promises'
import type { Soon } from '@api-terms/core'
import { isBusy, isFull, type Connection, type Statement } from './drivers.js'
import { failure, notDone, refusal } from './failures.js'
import { undo } from './migrate.js'
import { fileAt, makeFile, READ_WAIT_MS, setUp } from './opening.js'
import type { CheckedFile } from './options.js'
import { MIGRATIONS } from './schema.js'

/**
 * A connection to a file. Whatever is confirmed is on the disk: it outlives `kill -9`, and with `durable` the loss of power too. Nothing
 * waits for another process's write but the write itself.
 */
export class Database {
  readonly #connection: Connection
  readonly #path: string
  readonly #timeoutMs: number
  readonly #version: Statement
  /** Which file it is that was opened. */
  readonly #file: string | undefined
  /** The last write that has to wait. */
  #line: Promise<unknown> | undefined
  #closed = false

  /** @throws OptionsError where the file cannot be opened, or is of another kind. */
  constructor({ path, driver, timeoutMs }: CheckedFile, { durable }: { readonly durable: boolean }) {
    this.#path = path
    this.#timeoutMs = timeoutMs
    let connection: Connection | undefined
    try {
      makeFile(path)
      connection = new driver(path)
      setUp(connection, timeoutMs, durable)
    } catch (cause) {
      connection?.close()
      throw refusal(cause)
    }
    this.#connection = connection
    this.#version = connection.prepare('PRAGMA user_version')
    this.#file = fileAt(path)
  }

  /**
   * Opens a file for what is made of it.
   *
   * @throws OptionsError where it cannot be opened, is of another kind, or cannot be read for that
   */
  static for<T>(
    file: CheckedFile,
    options: { readonly durable: boolean },
    purpose: (database: Database) => T,
  ): readonly [database: Database, made: T] {
    const database = new Database(file, options)
    try {
      return [database, purpose(database)]
    } catch (cause) {
      void database.close()
      throw refusal(cause)
    }
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
        throw notDone(`another process has been writing for ${this.#timeoutMs} ms`)
      // oxlint-disable-next-line no-await-in-loop -- the process goes on with its requests meanwhile
      await passed(1 + Math.random() * 9)
    }
    return this.#transact(work, onDone)
  }

  /** Whether it is for us to write now. It never waits: all requests would wait with it. */
  #begin(): boolean {
    if (this.#closed) throw notDone('the file is closed')
    const connection = this.#connection
    connection.exec('PRAGMA busy_timeout = 0')
    try {
      connection.exec('BEGIN IMMEDIATE')
      return true
    } catch (cause) {
      if (isBusy(cause)) return false
      throw failure(cause, 'none')
    } finally {
      connection.exec(`PRAGMA busy_timeout = ${READ_WAIT_MS}`)
    }
  }

  /** Whether the file is what it was when it was opened. */
  #expectSame(): void {
    // A file without a name takes what is written, and nobody finds it there.
    if (fileAt(this.#path) !== this.#file) throw notDone('the file was removed or replaced while it was open')
    const { user_version } = this.#version.get() as { readonly user_version: number }
    if (user_version !== MIGRATIONS.length)
      throw notDone('another process has brought the file to another version: update this one')
  }

  #transact<T>(work: () => T, onDone?: (result: T) => void): T {
    let result: T
    try {
      this.#expectSame()
      result = work()
    } catch (cause) {
      undo(this.#connection)
      throw failure(cause, 'none')
    }
    try {
      this.#connection.exec('COMMIT')
    } catch (cause) {
      undo(this.#connection)
      throw failure(cause, isFull(cause) ? 'none' : 'unknown')
    }
    onDone?.(result)
    return result
  }
}
