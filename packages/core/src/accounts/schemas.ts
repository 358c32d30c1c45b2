import proxyAddr from 'proxy-addr'
import * as v from 'valibot'
import type { OptionIssue } from '../errors.js'
import { likelyName } from '../likely-name.js'

// What records, and operations on them, are made of.

export const id = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'))
export const text = v.optional(v.string('must be a text'))
export const status = v.optional(
  v.picklist(['active', 'suspended', 'terminated'], 'must be one of: active, suspended, terminated'),
)

const LIMIT = 'must be a whole number of connections, 0 or more, or Infinity'
const limit = v.pipe(
  v.number(LIMIT),
  v.check((most) => most === Infinity || (Number.isSafeInteger(most) && most >= 0), LIMIT),
)
export const limits = v.record(v.string(), limit, 'must be an object of limits by class')

/** No `instanceof`: a Date may come from another realm. */
export const moment = v.custom<Date>(
  (value) =>
    Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN((value as Date).getTime()),
  'must be a valid Date',
)

export const contacts = v.record(
  id,
  v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty')),
  "must be an object of texts by what they are for, e.g. { technical: 'dev@acme.example' }",
)

export const apis = v.array(id, 'must be a list of names of APIs; leave it out to grant every API')

const NETWORK = 'must be an IPv4 or IPv6 address or block, e.g. 192.0.2.0/24 or 2001:db8::/32'
const network = v.pipe(v.string(NETWORK), v.check(isNetwork, NETWORK))
export const networks = v.array(network, 'must be a list of networks; leave it out to allow every network')

const URL_FORM = 'must be an absolute http or https URL'
export const webAddress = v.pipe(v.string(URL_FORM), v.check(isWebAddress, URL_FORM))

export const digest = v.pipe(
  v.string('must be a text: pass issueKey().digest'),
  v.regex(
    /^[0-9a-f]{64}$/,
    'must be 64 lower-case hexadecimal digits: pass issueKey().digest, never the key',
  ),
)

const ofCredential = {
  id: text,
  digest,
  hint: text,
  notBefore: v.optional(moment),
  expiresAt: v.optional(moment),
}
/** A key that is handed out is good for something. */
export const newCredential = strict(ofCredential)
export const credential = strict({
  ...ofCredential,
  revokedAt: v.optional(moment),
  ended: v.optional(v.literal(true, 'must be true, or left out')),
})

export const acceptance = strict({ version: id, at: moment, by: id, entity: id })

export const grant = strict({
  id,
  api: v.optional(id),
  limits,
  consentedBy: id,
  from: v.optional(moment),
  until: v.optional(moment),
})

export const account = strict({
  id,
  name: text,
  status,
  limits: v.optional(limits),
  partner: text,
  contacts: v.optional(contacts),
  verifiedAt: v.optional(moment),
  grants: v.optional(v.array(grant, 'must be a list of grants')),
  terminatesAt: v.optional(moment),
  suspendedWithPartner: v.optional(v.literal(true, 'must be true, or left out')),
  terminatesWithPartner: v.optional(v.literal(true, 'must be true, or left out')),
  ownNotice: v.optional(moment),
})

export const client = strict({
  id,
  account: id,
  name: text,
  status,
  apis: v.optional(apis),
  credentials: v.array(credential, 'must be a list of { digest }, empty where there are none yet'),
  contacts: v.optional(contacts),
  verifiedAt: v.optional(moment),
  privacyPolicyUrl: v.optional(webAddress),
  networks: v.optional(networks),
  acceptances: v.optional(v.array(acceptance, 'must be a list of acceptances')),
  terminatesAt: v.optional(moment),
})

/** An object with these members and no others. */
export function strict<const E extends v.ObjectEntries>(entries: E) {
  const names = Object.keys(entries)
  return v.strictObject(entries, (issue) => {
    const name = String(issue.path?.at(-1)?.key)
    if (issue.expected === 'never') return `is not known; ${likelyName(name, names)}`
    return issue.path && issue.received === 'undefined'
      ? 'is missing'
      : `must be an object of: ${names.join(', ')}`
  })
}

/** What is wrong with a value. `path` is where it stands, e.g. `accounts[3]`. */
export function issuesIn(schema: v.GenericSchema, value: unknown, path: string): OptionIssue[] {
  return (v.safeParse(schema, value).issues ?? []).map((issue) => ({
    path: (issue.path ?? []).reduce(deeper, path),
    message: issue.message,
  }))
}

function deeper(path: string, { key }: { readonly key: unknown }): string {
  if (typeof key === 'number') return `${path}[${key}]`
  return path === '' ? String(key) : `${path}.${String(key)}`
}

/** The library knows names for some networks too, such as `loopback`. */
function isNetwork(block: string): boolean {
  if (!/^[\da-f.:]+(?:\/\d{1,3})?$/i.test(block)) return false
  try {
    proxyAddr.compile([block])
    return true
  } catch {
    return false
  }
}

function isWebAddress(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
}
