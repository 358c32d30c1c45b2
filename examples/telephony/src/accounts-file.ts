import { createLedger, createUsage, fileLedger } from '@api-terms/core'
import type { AccountRegistry, Ledger, Usage } from '@api-terms/core'
import { sqliteRegistry, sqliteUsage, type SqliteRegistry } from '@api-terms/sqlite'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contactsOf, privacyPolicyOf, signatoryOf, type IssuedKey } from './accounts.js'
import { VERSION } from './terms.js'

/** Who does it, as the history is to tell. */
const by = 'ops@provider.example'

/** The demo accounts, and what is recorded of them, in files. */
export interface Accounts {
  readonly registry: SqliteRegistry
  readonly usage: Usage
  readonly ledger: Ledger
  readonly keys: readonly IssuedKey[]
  /** Lets go of the files, and takes them away. The gate that they follow is closed first. */
  close(): Promise<void>
}

/** In a folder of its own that goes at the end: the keys are shown once, so that the next start needs others. */
export async function openAccounts(): Promise<Accounts> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-telephony-'))
  const path = join(folder, 'accounts.db')
  const registry = sqliteRegistry({ path })
  const store = sqliteUsage({ path })
  const ledger = createLedger({ sinks: [fileLedger({ path: join(folder, 'ledger.ndjson') })] })
  ledger.followOperations(registry)
  return {
    registry,
    usage: createUsage({ store }),
    ledger,
    keys: await registerAccounts(registry),
    async close() {
      await ledger.close()
      await store.close()
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** The accounts of accounts.ts, as they come about: operation by operation. */
export async function registerAccounts(registry: AccountRegistry): Promise<readonly IssuedKey[]> {
  const keys: IssuedKey[] = []
  const register = async (account: string, name: string, ...clients: { id: string; apis?: string[] }[]) => {
    await registry.registerAccount({ id: account, name, contacts: contactsOf(account), by })
    for (const client of clients) {
      await registry.registerClient({
        ...client,
        account,
        privacyPolicyUrl: privacyPolicyOf(account),
        by,
      })
      await registry.acceptTerms({
        client: client.id,
        version: VERSION,
        entity: name,
        by: signatoryOf(account),
      })
      const { key } = await registry.issueKey({ client: client.id, by })
      keys.push({ account, client: client.id, key })
    }
  }
  await register('acme', 'Acme', { id: 'acme-crm' }, { id: 'acme-wallboard' })
  await register('globex', 'Globex', { id: 'globex-crm' })
  await registry.grant({ account: 'globex', limits: { read: 50 }, consentedBy: 'sales@provider.example', by })
  await register('initech', 'Initech', { id: 'initech-crm' })
  await registry.suspend({ account: 'initech', by, why: 'an unpaid bill' })
  await register('hooli', 'Hooli', { id: 'hooli-rooms', apis: ['web-meeting'] })
  return keys
}
