import * as v from 'valibot'
import type { KeyDetails } from './account-registry.js'
import { id, moment } from './schemas.js'
import { issuesIn, strict } from './shapes.js'
import { RegistryError } from '../errors.js'
import { PREFIX } from './key.js'

const PREFIX_FORM =
  'must be a letter followed by letters, digits and inner underscores, 32 characters at most'

const keyDetails = strict({
  id: v.optional(id),
  prefix: v.optional(v.pipe(v.string(PREFIX_FORM), v.regex(PREFIX, PREFIX_FORM))),
  notBefore: v.optional(moment),
  expiresAt: v.optional(moment),
})

/**
 * By itself, before there is a key: a digest that was given in its place would be kept, and the key handed out be nobody's.
 *
 * @throws RegistryError where a key cannot be made so
 */
export function checkKeyDetails(details: KeyDetails): void {
  const issues = issuesIn(keyDetails, details, 'credential')
  if (issues.length > 0) throw new RegistryError('invalid', 'a key cannot be made so', issues)
}
