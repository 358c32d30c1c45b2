import { OptionsError, StoreError } from '@api-terms/core'
import { resultCode } from './drivers.js'

// What is told of a file that fails.

/** As an error of the store, where it is one of SQLite's, or where what was read is no record. */
export function failure(cause: unknown, outcome?: 'none' | 'unknown'): unknown {
  if (resultCode(cause) === undefined && !(cause instanceof SyntaxError)) return cause
  const options = outcome === undefined ? { cause } : { cause, outcome }
  return new StoreError(`api-terms: SQLite failed: ${messageOf(cause)}`, options)
}

export function notDone(why: string): StoreError {
  return new StoreError(`api-terms: ${why}`, { outcome: 'none' })
}

/** Of a file that cannot be opened. */
export function refusal(cause: unknown): Error {
  if (cause instanceof Error && 'issues' in cause) return cause
  return new OptionsError([{ path: 'path', message: `cannot be opened: ${messageOf(cause)}` }])
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
