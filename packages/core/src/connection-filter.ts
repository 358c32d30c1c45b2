import { checkNamed, type Check } from './checked.js'
import { OptionsError } from './errors.js'
import type { ConnectionFilter } from './voice.js'

const TEXT: Check = [
  (value) => value === undefined || typeof value === 'string',
  'text; leave it out where it is not to matter',
]

const MEMBERS: { readonly [Name in keyof Required<ConnectionFilter>]: Check } = {
  account: TEXT,
  client: TEXT,
  id: TEXT,
  process: TEXT,
}

/**
 * Fewer members mean more connections, so that what was mistyped, or is not known where it is asked for, would mean all.
 *
 * @throws OptionsError listing everything that is wrong
 */
export function checkFilter(filter: ConnectionFilter): void {
  checkNamed(filter, MEMBERS)
  // It is no word for "any": whoever reads it from a request, and mistypes its name there, has just that.
  for (const [path, value] of Object.entries(filter))
    if (value === undefined) throw new OptionsError([{ path, message: `must be ${TEXT[1]}` }])
}

/** A filter that another process sent. One that cannot be read to the full must not stand for more than was meant. */
export function filterOf(sent: unknown): ConnectionFilter | undefined {
  try {
    checkFilter(sent as ConnectionFilter)
    return sent as ConnectionFilter
  } catch {
    return undefined
  }
}
