import { issueKey, memoryRegistry, type Account, type Client, type Registry } from '@api-terms/core'

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

/** The demo accounts and their clients. */
export function demoRegistry(digests: DemoKeys['digests']): Registry {
  const clients = CLIENTS.map((client) => ({
    ...client,
    credentials: [{ digest: digests[client.id] ?? '' }],
  }))
  return memoryRegistry({ accounts: ACCOUNTS, clients })
}
