import {
  issueKey,
  memoryRegistry,
  type Acceptance,
  type Client,
  type Credential,
  type GateOptions,
  type TermsOptions,
  type TermsVersion,
} from '@api-terms/core'

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
  'given-notice',
  'local',
  'elsewhere',
  'misplaced',
  'accepted',
  'behind',
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
      client('given-notice', 'acme', { terminatesAt: new Date('2026-01-01') }),
      client('local', 'acme', { networks: ['127.0.0.0/8', '::1'] }),
      client('elsewhere', 'acme', { networks: ['192.0.2.0/24', '2001:db8::/32'] }),
      client('misplaced', 'acme', { networks: [] }),
      client('accepted', 'acme', { acceptances: [acceptanceOf('2025-01'), acceptanceOf('2026-01')] }),
      client('behind', 'acme', { acceptances: [acceptanceOf('2025-01')] }),
    ],
  })
}

function acceptanceOf(version: string): Acceptance {
  return { version, at: new Date('2025-01-02'), by: 'Ada Acme', entity: 'Acme Ltd' }
}

/** Two versions of the Terms, the newer one long in force. */
export const VERSIONS: readonly TermsVersion[] = [
  { version: '2026-01', effectiveAt: new Date('2026-01-01'), url: `${TERMS_URL}/2026-01` },
  { version: '2025-01', effectiveAt: new Date('2025-01-01') },
]

/** Terms with versions, in which the grace period of the newer one has ended, or will in the year 3000. */
export function termsInTime(graceMs: number, more: Partial<TermsOptions> = {}): Pick<GateOptions, 'terms'> {
  return { terms: { url: TERMS_URL, versions: VERSIONS, graceMs, ...more } }
}

/** A thousand years, less a day here and there. */
export const LONG_MS = Date.UTC(3000, 0, 1) - Date.UTC(2026, 0, 1)

/** Options of a gate, with what a case says otherwise. */
export function gateOptions(otherwise: Partial<GateOptions> = {}): GateOptions {
  return { api: API, terms: { url: TERMS_URL, version: '2026-01' }, registry: registry(), ...otherwise }
}
