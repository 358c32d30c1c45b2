import { LONGEST_TIMER_MS } from './clock.js'
import { OptionsError, type OptionIssue } from './errors.js'
import { likelyName } from './likely-name.js'

/** What an option must be, and how to tell. */
export type Check = readonly [holds: (value: unknown) => boolean, remedy: string]

/**
 * Checks options that are given by name.
 *
 * @throws OptionsError listing everything that is wrong.
 */
export function checkNamed(options: object, checks: Readonly<Record<string, Check>>): void {
  if (!isRecord(options)) throw new OptionsError([{ path: 'options', message: 'must be an object' }])
  const issues: OptionIssue[] = []
  for (const name of Object.keys(options))
    if (!Object.hasOwn(checks, name))
      issues.push({ path: name, message: `is no option; ${likelyName(name, Object.keys(checks))}` })
  for (const [path, [holds, remedy]] of Object.entries(checks)) {
    const value = options[path]
    if (!holds(value)) issues.push({ path, message: `must be ${remedy}` })
  }
  if (issues.length > 0) throw new OptionsError(issues)
}

/** Whether it is an object of names and values: no list, `Map`, `Date` or the like, whose names would be missed. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}

/** @throws OptionsError where what is given in a place is not what it must be */
export function checkGiven(path: string, [holds, remedy]: Check, value: unknown): void {
  if (!holds(value)) throw new OptionsError([{ path, message: `must be ${remedy}` }])
}

export const isFunction: Check = [(value) => typeof value === 'function', 'a function']

/** Absent, or a whole number from `least` on. */
export function wholeNumber(least: number, of: string): Check {
  const holds = (value: unknown) =>
    value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)
  return [holds, `a whole number of ${of}, ${least} or more`]
}

/** Absent, or for how long a timer is to run. */
export const ABSENT_OR_DURATION: Check = [
  (value) =>
    value === undefined ||
    (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= LONGEST_TIMER_MS),
  `a whole number of milliseconds, 1 to ${LONGEST_TIMER_MS}`,
]

/** Absent, or an object with these functions. */
export function having(methods: readonly string[], remedy: string): Check {
  const holds = (value: unknown) =>
    value === undefined || methods.every((name) => typeof (value as Named | null)?.[name] === 'function')
  return [holds, remedy]
}

/** Absent, or text that is not empty. */
export const ABSENT_OR_TEXT: Check = [
  (value) => value === undefined || (typeof value === 'string' && value !== ''),
  'text, and not empty',
]

type Named = Record<string, unknown>
