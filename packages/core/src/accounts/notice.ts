import { RegistryError } from '../errors.js'
import type { Account, Client } from '../registry.js'
import { accountOf, altered, changedAccounts, changedClient, clientOf } from './found.js'
import type { OperationOf } from './operations.js'
import { livingAccountsOf } from './standing.js'
import type { RecordChange, RegistryView } from './storage.js'

// The end of the agreement, at once or by a notice (clauses 1(d), 6(a)).

/** What takes from a notice that it is the partner's. */
export const OF_ITS_OWN = { terminatesWithPartner: null, ownNotice: null } as const

/** A notice can be moved, and taken back, while its date has not come. */
export function terminated(
  view: RegistryView,
  operation: OperationOf<'terminate'>,
  time: Date,
  rules: number,
): RecordChange {
  const { from } = operation
  if (from === null) return withdrawn(view, operation, time)
  const notice = from && from > time ? from : undefined
  if ('partner' in operation) {
    const accounts = livingAccountsOf(view, operation.partner, time)
    const given = rules >= 2 ? givenToPartner : givenByRules1
    return changedAccounts(
      ...accounts.map((account) => (notice ? given(account, notice) : ended(account, undefined, rules))),
    )
  }
  return 'client' in operation
    ? changedClient(ended(clientOf(view, operation.client, time), notice, rules))
    : changedAccounts(ended(accountOf(view, operation.account, time), notice, rules))
}

function withdrawn(view: RegistryView, operation: OperationOf<'terminate'>, time: Date): RecordChange {
  if ('partner' in operation) {
    const accounts = livingAccountsOf(view, operation.partner, time).filter(
      (each) => each.terminatesWithPartner,
    )
    if (accounts.length === 0) throw noNotice(`partner ${operation.partner}`)
    return changedAccounts(
      ...accounts.map((each) => altered(each, { ...OF_ITS_OWN, terminatesAt: each.ownNotice })),
    )
  }
  if ('client' in operation) {
    const client = clientOf(view, operation.client, time)
    if (!client.terminatesAt) throw noNotice(`client ${client.id}`)
    return changedClient(altered(client, { terminatesAt: null }))
  }
  const account = accountOf(view, operation.account, time)
  if (!account.terminatesAt) throw noNotice(`account ${account.id}`)
  return changedAccounts(altered(account, { ...OF_ITS_OWN, terminatesAt: null }))
}

function ended<T extends Account | Client>(record: T, notice: Date | undefined, rules: number): T {
  const end = notice
    ? { terminatesAt: notice }
    : { status: 'terminated', terminatesAt: null, suspendedWithPartner: null }
  return altered<object>(record, { ...end, ...(rules >= 2 && OF_ITS_OWN) }) as T
}

/** The end of the partner does not put off the end of an account, whose own notice is kept for when the partner's is moved. */
function givenToPartner(account: Account, notice: Date): Account {
  const own = account.terminatesWithPartner ? account.ownNotice : account.terminatesAt
  return own && own <= notice
    ? altered(account, { ...OF_ITS_OWN, terminatesAt: own })
    : altered(account, { terminatesAt: notice, terminatesWithPartner: true, ownNotice: own })
}

/** Could not tell the notice of a partner from that of an account, and so never put it off. */
function givenByRules1(account: Account, notice: Date): Account {
  const { terminatesAt } = account
  return altered(account, { terminatesAt: terminatesAt && terminatesAt < notice ? terminatesAt : notice })
}

function noNotice(to: string): RegistryError {
  return new RegistryError('unknown', `no notice was given to ${to}`)
}
