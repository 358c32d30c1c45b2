import { acceptedTerms, granted, withdrawnGrant } from './granting.js'
import { issuedKey, revokedKey, rotatedKey } from './issuing.js'
import { terminated } from './notice.js'
import type { Proposal } from './operations.js'
import { imported, removedAccount, removedClient, setAccount, setClient } from './recording.js'
import {
  registeredAccount,
  registeredClient,
  updatedAccount,
  updatedClient,
  verified,
} from './registering.js'
import { reinstated, suspended } from './standing.js'
import type { RecordChange, RegistryView } from './storage.js'

/**
 * What an operation makes of the records. It depends on nothing but its arguments: the history, given to it entry by entry, leads to
 * the same records again. An entry without `rules` is of rules 1: see `rules.ts` before you change what a kind does.
 *
 * @throws RegistryError where the operation is refused
 */
export function applied(
  view: RegistryView,
  { operation, time, rules = 1 }: Pick<Proposal, 'operation' | 'time' | 'rules'>,
): RecordChange {
  switch (operation.kind) {
    case 'register-account':
      return registeredAccount(view, operation, time)
    case 'register-client':
      return registeredClient(view, operation, time)
    case 'update-account':
      return updatedAccount(view, operation, time, rules)
    case 'update-client':
      return updatedClient(view, operation, time)
    case 'verify':
      return verified(view, operation, time)
    case 'issue-key':
      return issuedKey(view, operation, time)
    case 'rotate-key':
      return rotatedKey(view, operation, time, rules)
    case 'revoke-key':
      return revokedKey(view, operation, time, rules)
    case 'accept-terms':
      return acceptedTerms(view, operation, time)
    case 'grant':
      return granted(view, operation, time)
    case 'withdraw-grant':
      return withdrawnGrant(view, operation, time, rules)
    case 'suspend':
      return suspended(view, operation, time)
    case 'reinstate':
      return reinstated(view, operation, time)
    case 'terminate':
      return terminated(view, operation, time, rules)
    case 'set-account':
      return setAccount(operation)
    case 'set-client':
      return setClient(view, operation)
    case 'remove-account':
      return removedAccount(view, operation)
    case 'remove-client':
      return removedClient(view, operation)
    case 'import':
      return imported(view, operation)
  }
}
