import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OptionsError, type Clock, type OptionIssue } from '@api-terms/core'
import { driverOf, DRIVERS, type Driver, type DriverName } from './drivers.js'

/** What is said of the file. */
export interface FileOptions {
  /**
   * The file. Where there is none it is made, readable by its owner alone; its folder has to be there, on a disk of this machine.
   * Beside it come `-wal` and `-shm`.
   */
  path: string
  /** What opens it: `node:sqlite` or `libsql`. The first of them that is there by default. */
  driver?: DriverName
  /** How long a write waits for those of other processes, in ms, before it fails. Default 5000. */
  timeoutMs?: number
}

/** Options of `sqliteRegistry`. */
export interface SqliteRegistryOptions extends FileOptions {
  /** How often this process looks for what others have changed, in ms, and so for how long a change may stay unseen here. Default 200; at most 1000. */
  pollMs?: number
  /** Whose time operations are done at. The system's by default. */
  clock?: Clock
}

/** The file as it is to be opened. */
export interface CheckedFile {
  readonly path: string
  readonly driver: Driver
  readonly timeoutMs: number
}

/** What an option must be: whether it is, and the remedy. */
export type Check = readonly [holds: (value: unknown) => boolean, remedy: string]

/** Absent, or a whole number of that range. */
export function wholeNumber(of: string, least: number, most = LONGEST_TIMER_MS): Check {
  const range = most === LONGEST_TIMER_MS ? `${least} or more` : `${least} to ${most}`
  const holds = (value: unknown) =>
    value === undefined ||
    (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
  return [holds, `must be a whole number of ${of}, ${range}`]
}

/** Longer timers fire at once in Node: the delay is a signed integer of 32 bits. */
const LONGEST_TIMER_MS = 2_147_483_647

const ONE_DRIVER: Check = [
  (value) => value === undefined || DRIVERS.some((name) => name === value),
  `must be one of: ${DRIVERS.join(', ')}`,
]

/** @throws OptionsError listing everything that is wrong, with the file and with what else there is by name. */
export function checkFile(options: FileOptions, others: Readonly<Record<string, Check>>): CheckedFile {
  const given = { ...options }
  const checks = { driver: ONE_DRIVER, timeoutMs: wholeNumber('ms', 0), ...others }
  const names = ['path', ...Object.keys(checks)]
  const issues: OptionIssue[] = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((path) => ({ path, message: `is not an option; there are ${names.join(', ')}` }))
  issues.push(...issuesOfPath(given.path))
  for (const [path, [holds, message]] of Object.entries(checks)) {
    if (!holds((given as Record<string, unknown>)[path])) issues.push({ path, message })
  }
  const driver = driverOf(given.driver)
  if (!driver && ONE_DRIVER[0](given.driver)) issues.push({ path: 'driver', message: noDriver(given.driver) })
  if (issues.length > 0 || !driver) throw new OptionsError(issues)
  // Whole: SQLite would take `file:…` for the name of something else.
  return { path: resolve(given.path), driver, timeoutMs: given.timeoutMs ?? 5000 }
}

function issuesOfPath(path: unknown): OptionIssue[] {
  const wrong = (message: string) => [{ path: 'path', message }]
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    return wrong('must be the path of a file')
  if (path === ':memory:')
    return wrong('must be a file: what is in memory alone is for memoryRegistry() of @api-terms/core')
  const folder = statSync(dirname(resolve(path)), { throwIfNoEntry: false })
  return folder?.isDirectory() ? [] : wrong('must be in a folder that is there: make it first')
}

function noDriver(name: DriverName | undefined): string {
  const install = 'install the package libsql, as npm does unless optional dependencies are left out'
  if (name === 'libsql') return `is not there: ${install}`
  const update = 'is not in this Node: use Node 22.13 or later'
  return name === undefined ? `node:sqlite ${update}, or ${install}` : `${update}, or driver: 'libsql'`
}
