import { issueKey, memoryRegistry, type Account, type Client, type MemoryRegistry } from '@api-terms/core'
import { VERSION } from './terms.js'

/** A key as its owner gets it: once, when it is issued. */
export interface IssuedKey {
  readonly account: string
  readonly client: string
  readonly key: string
}

const ACCOUNTS: Account[] = [
  { id: 'acme', name: 'Acme' },
  { id: 'globex', name: 'Globex', limits: { read: 50 } },
  { id: 'initech', name: 'Initech', status: 'suspended' },
  { id: 'hooli', name: 'Hooli' },
]

const CLIENTS: Omit<Client, 'credentials'>[] = [
  { id: 'acme-crm', account: 'acme' },
  { id: 'acme-wallboard', account: 'acme' },
  { id: 'globex-crm', account: 'globex' },
  { id: 'initech-crm', account: 'initech' },
  { id: 'hooli-rooms', account: 'hooli', apis: ['web-meeting'] },
]

/** A fresh key for each demo client: a key that stands in a source is a key that everybody has (clause 4(b)). */
export interface DemoKeys {
  /** The one place where the keys can be read. */
  readonly issued: readonly IssuedKey[]
  /** By client, all that a registry needs of them. */
  readonly digests: Readonly<Record<string, string>>
}

export function issueDemoKeys(): DemoKeys {
  const issued: IssuedKey[] = []
  const digests: Record<string, string> = {}
  for (const { id, account } of CLIENTS) {
    const { key, digest } = issueKey()
    issued.push({ account, client: id, key })
    digests[id] = digest
  }
  return { issued, digests }
}

/** The demo accounts and their clients, in memory: verified, and their Terms accepted, just now. */
export function demoRegistry(digests: DemoKeys['digests']): MemoryRegistry {
  const now = new Date()
  const accounts = ACCOUNTS.map((account) => ({
    ...account,
    contacts: contactsOf(account.id),
    verifiedAt: now,
  }))
  const clients = CLIENTS.map((client) => ({
    ...client,
    privacyPolicyUrl: privacyPolicyOf(client.account),
    acceptances: [
      { version: VERSION, at: now, by: signatoryOf(client.account), entity: nameOf(client.account) },
    ],
    credentials: [{ digest: digests[client.id] ?? '' }],
  }))
  return memoryRegistry({ accounts, clients })
}

/** Who is written to (clauses 1(c), 2(f)). */
export function contactsOf(account: string): Record<string, string> {
  return { technical: `dev@${account}.example` }
}

/** Where the users of its clients read what becomes of their data (clause 3(d)). */
export function privacyPolicyOf(account: string): string {
  return `https://${account}.example/privacy`
}

/** Who may bind it (clause 1(b)). */
export function signatoryOf(account: string): string {
  return `legal@${account}.example`
}

function nameOf(account: string): string {
  return ACCOUNTS.find(({ id }) => id === account)?.name ?? account
}
