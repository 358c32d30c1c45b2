import { RegistryError } from '../errors.js'
import type { Grant } from '../registry.js'
import { accountOf, altered, changedAccounts, changedClient, clientOf } from './found.js'
import type { OperationOf } from './operations.js'
import type { RecordChange, RegistryView } from './storage.js'

// What the two sides consent to: the Terms (clauses 1(a), 1(b), 8(a)), and limits beyond them (2(d)).

export function acceptedTerms(
  view: RegistryView,
  { client: id, version, acceptedBy, entity, at }: OperationOf<'accept-terms'>,
  time: Date,
): RecordChange {
  const client = clientOf(view, id, time)
  if (at && at > time) throw new RegistryError('invalid', 'at: nobody has accepted anything in the future')
  const before = client.acceptances ?? []
  if (before.some((each) => each.version === version && each.by === acceptedBy && each.entity === entity)) {
    throw new RegistryError(
      'duplicate',
      `${acceptedBy} has accepted version ${version} for ${entity} already`,
    )
  }
  const acceptance = { version, at: at ?? time, by: acceptedBy, entity }
  return changedClient(altered(client, { acceptances: [...before, acceptance] }))
}

/** Grants that have ended go from the record as one is added: each is looked at with every request, and the history keeps them. */
export function granted(
  view: RegistryView,
  { account: id, grant }: OperationOf<'grant'>,
  time: Date,
): RecordChange {
  const account = accountOf(view, id, time)
  const { from, until } = grant
  if (until && until.getTime() <= Math.max(from?.getTime() ?? 0, time.getTime())) {
    throw new RegistryError('invalid', 'grant.until: a grant must not end before it begins')
  }
  const lasting = account.grants?.filter((each) => !hasEnded(each, time)) ?? []
  if (lasting.some((each) => each.id === grant.id)) {
    throw new RegistryError('duplicate', `account ${id} has a grant ${grant.id} already`)
  }
  return changedAccounts(altered(account, { grants: [...lasting, grant] }))
}

export function withdrawnGrant(
  view: RegistryView,
  { account: id, grant }: OperationOf<'withdraw-grant'>,
  time: Date,
  rules: number,
): RecordChange {
  const account = accountOf(view, id, time)
  const isMeant = (each: Grant) => each.id === grant && (rules < 2 || !hasEnded(each, time))
  const grants = account.grants?.filter((each) => !isMeant(each))
  if (grants?.length === account.grants?.length) {
    throw new RegistryError('unknown', `account ${id} has no grant ${grant}`)
  }
  return changedAccounts(altered(account, { grants: grants?.length ? grants : null }))
}

/** From then on it counts as gone: when it goes from the record depends on when another is added. */
function hasEnded({ until }: Grant, time: Date): boolean {
  return until !== undefined && until <= time
}
