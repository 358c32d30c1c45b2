import { loadLibsql } from './libsql.cjs'

/** What can be bound to a statement. */
export type Value = string | number | null

/** A statement made once and run many times. */
export interface Statement {
  run(...values: readonly Value[]): unknown
  get(...values: readonly Value[]): unknown
  all(...values: readonly Value[]): unknown[]
}

/** What both drivers have, in the same form. */
export interface Connection {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/** What opens SQLite files: the module of Node, or the package. */
export type DriverName = 'node:sqlite' | 'libsql'
export const DRIVERS: readonly DriverName[] = ['node:sqlite', 'libsql']

/** Opens a file. */
export type Driver = new (path: string) => Connection

/** The driver of this name, or else the first that is there. */
export function driverOf(name: DriverName | undefined): Driver | undefined {
  if (name === 'libsql') return libsql()
  return nodeSqlite() ?? (name === undefined ? libsql() : undefined)
}

function nodeSqlite(): Driver | undefined {
  const sqlite = withoutNotice(() => process.getBuiltinModule('node:sqlite')) as
    | { readonly DatabaseSync: Driver }
    | undefined
  return sqlite?.DatabaseSync
}

function libsql(): Driver | undefined {
  return loadLibsql() as Driver | undefined
}

/** Node 22 says of the module, as it is loaded, that it is an experiment: nobody who starts a server can act on that. Other warnings stay. */
function withoutNotice<T>(load: () => T): T {
  const { emitWarning } = process
  const others = (...args: readonly unknown[]) => {
    if (args[1] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, args)
  }
  process.emitWarning = others
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The result code that SQLite gave, without what extends it; `undefined` for other errors. */
export function resultCode(error: unknown): number | undefined {
  const { errcode, rawCode } = error as { readonly errcode?: unknown; readonly rawCode?: unknown }
  const code = errcode ?? rawCode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** The disk has no room (SQLITE_FULL). */
export function isFull(error: unknown): boolean {
  return resultCode(error) === 13
}

/** Another process has what is asked for (SQLITE_BUSY). */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === 5
}
