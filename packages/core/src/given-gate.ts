import { OptionsError } from './errors.js'
import type { Gate } from './gate.js'

/** Whether it is a gate, told by what it can do: it may come from another loaded copy of this package. */
export function isGate(given: unknown, does: keyof Gate = 'admit'): given is Gate {
  return typeof (given as Gate | null | undefined)?.[does] === 'function'
}

/**
 * What is given a gate is easily given its options, as the middleware takes both.
 *
 * @throws OptionsError where it is none
 */
export function checkGate(given: unknown, does: keyof Gate): void {
  if (isGate(given, does)) return
  throw new OptionsError([{ path: 'gate', message: 'must be a gate: createGate(options)' }])
}
