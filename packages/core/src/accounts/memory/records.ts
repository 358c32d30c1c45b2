import * as v from 'valibot'
import type { OptionIssue } from '../../errors.js'
import type { Account, Client, Credential } from '../../registry.js'
import { account as accountSchema, client as clientSchema } from '../schemas.js'
import { issuesIn, strict } from '../shapes.js'

/** The elements are checked one by one, since some things only show beside the others. */
const recordsSchema = strict({
  accounts: v.optional(v.array(v.unknown(), 'must be a list of accounts')),
  clients: v.optional(v.array(v.unknown(), 'must be a list of clients')),
})

/** What is wrong with an account, taken by itself. `path` is where it stands, e.g. `accounts[3]`. */
export function issuesOfAccount(account: unknown, path: string): OptionIssue[] {
  return issuesIn(accountSchema, account, path)
}

/** What is wrong with a client, taken by itself. */
export function issuesOfClient(client: unknown, path: string): OptionIssue[] {
  return issuesIn(clientSchema, client, path)
}

export const NO_ACCOUNT = 'is the id of no account: add the account first'
export const SAME_DIGEST = 'comes twice: every credential needs a key of its own, from issueKey()'

/** What a memory registry starts with. */
export interface Records {
  accounts?: readonly Account[] | undefined
  clients?: readonly Client[] | undefined
}

/** Everything that is wrong with records, by themselves and beside each other. */
export function issuesOfRecords(records: Records): OptionIssue[] {
  const issues = issuesIn(recordsSchema, records, '')
  const accounts = new Set<unknown>()
  const clients = new Set<unknown>()
  const digests = new Set<unknown>()
  const add = (seen: Set<unknown>, value: unknown, path: string, message: string) => {
    if (seen.has(value)) issues.push({ path, message })
    // What is no text has been found wrong already.
    else if (typeof value === 'string') seen.add(value)
  }

  listOf<Account>(records?.accounts).forEach((account, i) => {
    issues.push(...issuesOfAccount(account, `accounts[${i}]`))
    add(accounts, account?.id, `accounts[${i}].id`, 'comes twice: an account is listed once')
  })
  listOf<Client>(records?.clients).forEach((client, i) => {
    const path = `clients[${i}]`
    issues.push(...issuesOfClient(client, path))
    add(clients, client?.id, `${path}.id`, 'comes twice: a client is listed once')
    if (typeof client?.account === 'string' && !accounts.has(client.account)) {
      issues.push({ path: `${path}.account`, message: NO_ACCOUNT })
    }
    listOf<Credential>(client?.credentials).forEach((credential, j) =>
      add(digests, credential?.digest, `${path}.credentials[${j}].digest`, SAME_DIGEST),
    )
  })
  return issues
}

/** What is no list has been found wrong already. */
function listOf<T>(list: readonly T[] | undefined): readonly (T | undefined)[] {
  return Array.isArray(list) ? (list as readonly T[]) : []
}
