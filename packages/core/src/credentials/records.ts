import * as v from 'valibot'
import type { OptionIssue } from '../errors.js'
import type { Account, Client, Credential } from '../registry.js'
import { likelyName } from '../likely-name.js'

const id = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'))
const text = v.optional(v.string('must be a text'))
const status = v.optional(
  v.picklist(['active', 'suspended', 'terminated'], 'must be one of: active, suspended, terminated'),
)
const LIMIT = 'must be a whole number of connections, 0 or more, or Infinity'
const limit = v.pipe(
  v.number(LIMIT),
  v.check((most) => most === Infinity || (Number.isSafeInteger(most) && most >= 0), LIMIT),
)
/** No `instanceof`: a Date may come from another realm. */
const moment = v.optional(
  v.custom<Date>(
    (value) =>
      Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN((value as Date).getTime()),
    'must be a valid Date',
  ),
)

const credentialSchema = strict({
  id: text,
  digest: v.pipe(
    v.string('must be a text: pass issueKey().digest'),
    v.regex(
      /^[0-9a-f]{64}$/,
      'must be 64 lower-case hexadecimal digits: pass issueKey().digest, never the key',
    ),
  ),
  notBefore: moment,
  expiresAt: moment,
  revokedAt: moment,
})

const accountSchema = strict({
  id,
  name: text,
  status,
  limits: v.optional(v.record(v.string(), limit, 'must be an object of limits by class')),
  partner: text,
})

const clientSchema = strict({
  id,
  account: id,
  name: text,
  status,
  apis: v.optional(v.array(id, 'must be a list of names of APIs; leave it out to grant every API')),
  credentials: v.array(credentialSchema, 'must be a list of { digest }, empty where there are none yet'),
})

/** The elements are checked one by one, since some things only show beside the others. */
const recordsSchema = strict({
  accounts: v.optional(v.array(v.unknown(), 'must be a list of accounts')),
  clients: v.optional(v.array(v.unknown(), 'must be a list of clients')),
})

/** What is wrong with an account, taken by itself. `path` is where it stands, e.g. `accounts[3]`. */
export function issuesOfAccount(account: unknown, path: string): OptionIssue[] {
  return issuesOf(v.safeParse(accountSchema, account).issues, path)
}

/** What is wrong with a client, taken by itself. */
export function issuesOfClient(client: unknown, path: string): OptionIssue[] {
  return issuesOf(v.safeParse(clientSchema, client).issues, path)
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
  const issues = issuesOf(v.safeParse(recordsSchema, records).issues, '')
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

/** An object with these members and no others. */
function strict<const E extends v.ObjectEntries>(entries: E) {
  const names = Object.keys(entries)
  return v.strictObject(entries, (issue) => {
    const name = String(issue.path?.at(-1)?.key)
    if (issue.expected === 'never') return `is not known; ${likelyName(name, names)}`
    return issue.path && issue.received === 'undefined'
      ? 'is missing'
      : `must be an object of: ${names.join(', ')}`
  })
}

function issuesOf(issues: readonly v.BaseIssue<unknown>[] | undefined, path: string): OptionIssue[] {
  return (issues ?? []).map((issue) => ({
    path: (issue.path ?? []).reduce(deeper, path),
    message: issue.message,
  }))
}

/** What is no list has been found wrong already. */
function listOf<T>(list: readonly T[] | undefined): readonly (T | undefined)[] {
  return Array.isArray(list) ? (list as readonly T[]) : []
}

function deeper(path: string, { key }: { readonly key: unknown }): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return path === '' ? String(key) : `${path}.${String(key)}`
}
