import * as v from 'valibot'
import { RegistryError } from '../errors.js'
import type { Author, Operation } from './operations.js'
import * as schemas from './schemas.js'
import { issuesIn, strict } from './shapes.js'
import type { AccountPage, HistoryPage } from './storage.js'

// What is asked of a registry, before any record is looked at.

const { id, moment } = schemas
const orNone = v.nullish

const accountDetails = {
  name: schemas.text,
  contacts: v.optional(schemas.contacts),
  partner: v.optional(id),
  limits: v.optional(schemas.limits),
}
const clientDetails = {
  name: schemas.text,
  apis: v.optional(schemas.apis),
  contacts: v.optional(schemas.contacts),
  privacyPolicyUrl: v.optional(schemas.webAddress),
  networks: v.optional(schemas.networks),
}
const SOME_MS = 'must be a number of ms, 0 or more'
const kind = v.string()

/** By kind, since who writes an operation is to be told of its members alone. */
const OPERATIONS: { readonly [Kind in Operation['kind']]: v.GenericSchema } = {
  'register-account': strict({ kind, account: id, details: strict(accountDetails) }),
  'update-account': strict({
    kind,
    account: id,
    changes: changing({
      name: orNone(v.string('must be a text')),
      contacts: orNone(schemas.contacts),
      partner: orNone(id),
      limits: orNone(schemas.limits),
    }),
  }),
  'register-client': strict({ kind, client: id, account: id, details: strict(clientDetails) }),
  'update-client': strict({
    kind,
    client: id,
    changes: changing({
      name: orNone(v.string('must be a text')),
      apis: orNone(schemas.apis),
      contacts: orNone(schemas.contacts),
      privacyPolicyUrl: orNone(schemas.webAddress),
      networks: orNone(schemas.networks),
    }),
  }),
  verify: about(['account', 'client']),
  'issue-key': strict({ kind, client: id, credential: schemas.newCredential }),
  'rotate-key': strict({
    kind,
    client: id,
    old: id,
    credential: schemas.newCredential,
    overlapMs: v.pipe(v.number(SOME_MS), v.minValue(0, SOME_MS)),
  }),
  'revoke-key': strict({ kind, client: id, credential: id }),
  'accept-terms': strict({
    kind,
    client: id,
    version: id,
    acceptedBy: schemas.somebody,
    entity: schemas.somebody,
    at: v.optional(moment),
  }),
  grant: strict({
    kind,
    account: id,
    grant: v.pipe(
      schemas.grant,
      v.forward(
        v.check(({ limits }) => Object.keys(limits).length > 0, 'must hold one, or nothing is granted'),
        ['limits'],
      ),
    ),
  }),
  'withdraw-grant': strict({ kind, account: id, grant: id }),
  suspend: about(['account', 'client', 'partner']),
  reinstate: about(['account', 'client', 'partner']),
  terminate: about(['account', 'client', 'partner'], { from: orNone(moment) }),
  'set-account': strict({ kind, account: schemas.account }),
  'set-client': strict({ kind, client: schemas.client }),
  'remove-account': strict({ kind, account: id }),
  'remove-client': strict({ kind, client: id }),
  import: strict({
    kind,
    accounts: v.array(schemas.account, 'must be a list of accounts'),
    clients: v.array(schemas.client, 'must be a list of clients'),
  }),
}

const author = strict({
  by: v.pipe(v.string('must say who does it'), v.nonEmpty('must say who does it')),
  why: schemas.text,
})

const aLimit = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)))
const historyPage = strict({
  account: v.optional(id),
  after: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  limit: aLimit,
})
const accountPage = strict({ partner: v.optional(id), after: v.optional(id), limit: aLimit })

/** @throws RegistryError where the operation is of no form that is known, or done by nobody */
export function checkOperation(operation: Operation, given: Author): void {
  const { by, why } = given ?? {}
  const schema = Object.hasOwn(OPERATIONS, operation?.kind) ? OPERATIONS[operation.kind] : undefined
  if (!schema) {
    const kinds = Object.keys(OPERATIONS).join(', ')
    throw new RegistryError('invalid', 'there is no such operation', [
      { path: 'kind', message: `must be one of: ${kinds}` },
    ])
  }
  const issues = [...issuesIn(schema, operation, ''), ...issuesIn(author, { by, why }, '')]
  if (issues.length > 0) throw new RegistryError('invalid', `${operation.kind} is wrong`, issues)
}

/** @throws RegistryError where an id is none: one storage would find nobody, another fail */
export function checkId(given: string): void {
  refuse(issuesIn(v.string('must be a text'), given, 'id'))
}

/** @throws RegistryError where a page is of another form */
export function checkHistoryPage(page: HistoryPage): void {
  refuse(issuesIn(historyPage, page, ''))
}

/** @throws RegistryError where a page is of another form */
export function checkAccountPage(page: AccountPage): void {
  refuse(issuesIn(accountPage, page, ''))
}

function refuse(issues: ReturnType<typeof issuesIn>): void {
  if (issues.length > 0) throw new RegistryError('invalid', 'what is asked for is wrong', issues)
}

/** What is to be replaced. Nothing would be recorded as something that was done. */
function changing(entries: v.ObjectEntries): v.GenericSchema {
  return v.pipe(
    strict(entries),
    v.check((changes) => Object.values(changes).some((change) => change !== undefined), 'must hold a change'),
  )
}

/** An operation on one of several. With two named, one of them would be passed over. */
function about(names: readonly string[], others: v.ObjectEntries = {}): v.GenericSchema {
  const targets = Object.fromEntries(names.map((name) => [name, v.optional(id)]))
  return v.pipe(
    strict({ kind, ...targets, ...others }),
    v.check(
      (value) => names.filter((name) => (value as Record<string, unknown>)[name] !== undefined).length === 1,
      `must name one of: ${names.join(', ')}`,
    ),
  )
}
