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

/**
 * The demo accounts, each client with a fresh key: a key that stands in a source is a key that everybody has (clause 4(b)).
 * The registry keeps digests only, so `keys` is the one place where the keys can be read.
 */
export function demoAccounts(): { registry: Registry; keys: readonly IssuedKey[] } {
  const keys: IssuedKey[] = []
  const clients = CLIENTS.map((client) => {
    const { key, digest } = issueKey()
    keys.push({ account: client.account, client: client.id, key })
    return { ...client, credentials: [{ digest }] }
  })
  return { registry: memoryRegistry({ accounts: ACCOUNTS, clients }), keys }
}
