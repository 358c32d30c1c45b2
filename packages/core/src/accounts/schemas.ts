import { hash } from 'node:crypto'
import proxyAddr from 'proxy-addr'
import * as v from 'valibot'
import { holdsKey } from './keys-in-text.js'
import { dictionary, listOfOwnIds, strict } from './shapes.js'

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
export const limits = dictionary(v.string(), limit, 'must be an object of limits by class')

/** No `instanceof`: a Date may come from another realm. */
export const moment = v.custom<Date>(
  (value) =>
    Object.prototype.toString.call(value) === '[object Date]' && !Number.isNaN((value as Date).getTime()),
  'must be a valid Date',
)

export const contacts = dictionary(
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

const NO_KEY = 'must not be a key, nor hold one: a registry keeps digests'
/** Who did something: a key in its place would be kept for good, and one that was taken out could be anybody. */
export const somebody = v.pipe(
  id,
  v.check((given) => !holdsKey(given), NO_KEY),
)
const ofCredential = {
  id: v.optional(
    v.pipe(
      v.string('must be a text'),
      v.check((given) => !holdsKey(given), NO_KEY),
    ),
  ),
  digest,
  hint: text,
  notBefore: v.optional(moment),
  expiresAt: v.optional(moment),
}
/** A key that is handed out is good for something. */
export const newCredential = v.pipe(
  strict(ofCredential),
  v.forward(
    v.check((given) => hidesKey(given), NO_KEY),
    ['hint'],
  ),
)
export const credential = v.pipe(
  strict({
    ...ofCredential,
    revokedAt: v.optional(moment),
    ended: v.optional(v.literal(true, 'must be true, or left out')),
  }),
  v.forward(
    v.check((given) => hidesKey(given), NO_KEY),
    ['hint'],
  ),
)

export const acceptance = strict({ version: id, at: moment, by: somebody, entity: somebody })

export const grant = strict({
  id,
  api: v.optional(id),
  limits,
  consentedBy: somebody,
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
  grants: v.optional(listOfOwnIds(grant, 'must be a list of grants', ({ until }) => until !== undefined)),
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
  credentials: listOfOwnIds(credential, 'must be a list of { digest }, empty where there are none yet'),
  contacts: v.optional(contacts),
  verifiedAt: v.optional(moment),
  privacyPolicyUrl: v.optional(webAddress),
  networks: v.optional(networks),
  acceptances: v.optional(v.array(acceptance, 'must be a list of acceptances')),
  terminatesAt: v.optional(moment),
})

/** A key of the provider's own making has no form to be known by: its digest is the one beside it. */
function hidesKey({
  digest: of,
  hint = '',
}: {
  readonly digest: string
  readonly hint?: string | undefined
}) {
  return !holdsKey(hint) && hash('sha256', hint) !== of
}

const BLOCK = /^([\da-f.:]+)(?:\/\d{1,3})?$/i
const FOUR_DECIMALS = /^(?:(?:0|[1-9]\d*)\.){3}(?:0|[1-9]\d*)$/

/** The library takes other things for networks too: names such as `loopback`, numbers, and digits that it reads as octal. */
function isNetwork(block: string): boolean {
  const last = BLOCK.exec(block)?.[1]?.split(':').at(-1)
  const isIPv4 = !block.includes(':') || last?.includes('.')
  if (last === undefined || (isIPv4 && !FOUR_DECIMALS.test(last))) return false
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
