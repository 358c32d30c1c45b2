import { issueKey, memoryRegistry, type Client, type Credential, type GateOptions } from '@api-terms/core'

export const API = 'business-telephony'
export const TERMS_URL = 'https://provider.example/terms'
export const TERMS_LINK = `<${TERMS_URL}>; rel="terms-of-service"`

const NAMES = [
  'acme',
  'acme-wallboard',
  'globex',
  'initech',
  'umbrella',
  'hooli',
  'paused',
  'gone',
  'expired',
  'revoked',
  'early',
  'stranger',
] as const

/** Whose key: of an account, a client of it, or of nobody. */
export type KeyName = (typeof NAMES)[number]

const ISSUED = Object.fromEntries(NAMES.map((name) => [name, issueKey()])) as Record<
  KeyName,
  ReturnType<typeof issueKey>
>

/** Made anew for each run. */
export const KEYS = Object.fromEntries(NAMES.map((name) => [name, ISSUED[name].key])) as Record<
  KeyName,
  string
>

function client(
  id: KeyName,
  account: string,
  more: Partial<Client> = {},
  dates: Partial<Credential> = {},
): Client {
  return { id, account, ...more, credentials: [{ id: `key-of-${id}`, digest: ISSUED[id].digest, ...dates }] }
}

/** The registry of the battery, fresh, so that a case may change it. */
export function registry() {
  return memoryRegistry({
    accounts: [
      { id: 'acme' },
      { id: 'globex', limits: { read: 50 } },
      { id: 'initech', status: 'suspended' },
      { id: 'umbrella', status: 'terminated' },
      { id: 'hooli' },
    ],
    clients: [
      client('acme', 'acme'),
      client('acme-wallboard', 'acme'),
      client('globex', 'globex'),
      client('initech', 'initech'),
      client('umbrella', 'umbrella'),
      client('hooli', 'hooli', { apis: ['web-meeting'] }),
      client('paused', 'acme', { status: 'suspended' }),
      client('gone', 'acme', { status: 'terminated' }),
      client('expired', 'acme', {}, { expiresAt: new Date(0) }),
      client('revoked', 'acme', {}, { revokedAt: new Date(0) }),
      client('early', 'acme', {}, { notBefore: new Date('2999-01-01') }),
    ],
  })
}

/** Options of a gate, with what a case says otherwise. */
export function gateOptions(otherwise: Partial<GateOptions> = {}): GateOptions {
  return { api: API, terms: { url: TERMS_URL, version: '2026-01' }, registry: registry(), ...otherwise }
}
