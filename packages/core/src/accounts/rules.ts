import type { Operation } from './operations.js'

/**
 * By which rules each kind of operation changes records now, where they are not the first. Histories are out there: whoever changes what
 * a kind makes of the records counts it up here, and leaves what earlier entries mean as it was.
 */
const RULES: { readonly [Kind in Operation['kind']]?: number } = {
  // 2: a key that ends at once is `ended`, whatever a clock says.
  'rotate-key': 2,
  'revoke-key': 2,
  // 2: an account knows whether a notice was given to its partner, until it leaves it.
  terminate: 2,
  'update-account': 2,
  // 2: a grant that has ended is not there.
  'withdraw-grant': 2,
}

/** What an entry of this kind has to keep, so that it leads to the same records again. */
export function rulesOf(kind: Operation['kind']): { readonly rules?: number } {
  const rules = RULES[kind]
  return rules === undefined ? {} : { rules }
}
