import { randomBytes } from 'node:crypto'

const KEY = Symbol.for('api-terms.process')

/** Names this process, however many stores it has, and however many copies of this package are loaded. */
export function nameOfProcess(): string {
  const home = globalThis as { [KEY]?: string }
  return (home[KEY] ??= randomBytes(9).toString('base64url'))
}
