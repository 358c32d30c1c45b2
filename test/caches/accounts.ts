import { issueKey, memoryRegistry, type GateOptions, type Registry } from '@api-terms/core'
import { API, TERMS_URL } from '../battery/accounts.js'

const NAMES = [
  'acme',
  'acme-wallboard',
  'globex',
  'initech',
  'hooli',
  'umbrella',
  'lost',
  'stranger',
] as const
type KeyName = (typeof NAMES)[number]

const ISSUED = Object.fromEntries(NAMES.map((name) => [name, issueKey()])) as Record<
  KeyName,
  ReturnType<typeof issueKey>
>

const client = (id: KeyName, account: string = id, apis?: string[]) => ({
  id,
  account,
  ...(apis && { apis }),
  credentials: [{ digest: ISSUED[id].digest }],
})

/** As it was found in use: of two accounts in good standing, one suspended, one that may open nothing, one that cannot be looked up. */
export function registry(): Registry {
  const known = memoryRegistry({
    accounts: [
      { id: 'acme' },
      { id: 'globex' },
      { id: 'initech', status: 'suspended' },
      { id: 'hooli' },
      { id: 'umbrella', limits: { read: 0, write: 0 } },
    ],
    clients: [
      client('acme'),
      client('acme-wallboard', 'acme'),
      client('globex'),
      client('initech'),
      client('hooli', 'hooli', ['web-meeting']),
      client('umbrella'),
    ],
  })
  return {
    async findByDigest(digest) {
      if (digest === ISSUED.lost.digest) throw new Error('the database is away')
      return known.findByDigest(digest)
    },
  }
}

export function gateOptions(otherwise: Partial<GateOptions> = {}): GateOptions {
  const limits = { read: Infinity, write: Infinity }
  return { api: API, terms: { url: TERMS_URL }, registry: registry(), limits, ...otherwise }
}

/** Someone who asks: with which fields, and whose answers may reach them. */
export interface Caller {
  readonly name: string
  readonly fields: Readonly<Record<string, string>>
  /** Absent: no account's. */
  readonly account?: string
  /** What such a caller is refused with; absent: nothing. */
  readonly status?: number
}

const bearer = (name: KeyName) => ({ Authorization: `Bearer ${ISSUED[name].key}` })
const header = (name: KeyName) => ({ 'X-API-Key': ISSUED[name].key })
const basic = (name: KeyName) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${ISSUED[name].key}`).toString('base64')}`,
})

export const ACME: Caller = { name: 'acme by Bearer', fields: bearer('acme'), account: 'acme' }
export const ACME_BY_HEADER: Caller = { name: 'acme by x-api-key', fields: header('acme'), account: 'acme' }
export const GLOBEX: Caller = { name: 'globex by Bearer', fields: bearer('globex'), account: 'globex' }
export const GLOBEX_BY_HEADER: Caller = {
  name: 'globex by x-api-key',
  fields: header('globex'),
  account: 'globex',
}

export const WELCOME: readonly Caller[] = [
  ACME,
  ACME_BY_HEADER,
  { name: 'acme by Basic', fields: basic('acme'), account: 'acme' },
  { name: "acme's other client", fields: bearer('acme-wallboard'), account: 'acme' },
  GLOBEX,
  GLOBEX_BY_HEADER,
  { name: 'globex by Basic', fields: basic('globex'), account: 'globex' },
]

export const REFUSED: readonly Caller[] = [
  { name: 'nobody', fields: {}, status: 401 },
  { name: 'an unknown key', fields: bearer('stranger'), status: 401 },
  { name: 'an unknown key by x-api-key', fields: header('stranger'), status: 401 },
  { name: 'no key at all in x-api-key', fields: { 'X-API-Key': 'null' }, status: 401 },
  { name: 'two keys', fields: { ...bearer('stranger'), ...header('stranger') }, status: 400 },
  { name: 'a suspended account', fields: bearer('initech'), status: 403 },
  { name: 'a client of another API', fields: header('hooli'), status: 403 },
  { name: 'an account at its limit', fields: bearer('umbrella'), status: 429 },
  { name: 'an account that cannot be looked up', fields: header('lost'), status: 503 },
]
