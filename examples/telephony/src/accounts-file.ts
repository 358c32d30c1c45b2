import type { AccountRegistry } from '@api-terms/core'
import { sqliteRegistry, type SqliteRegistry } from '@api-terms/sqlite'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IssuedKey } from './accounts.js'

/** Who does it, as the history is to tell. */
const by = 'ops@provider.example'

/** The demo accounts in a file. */
export interface Accounts {
  readonly registry: SqliteRegistry
  readonly keys: readonly IssuedKey[]
  /** Lets go of the file, and takes it away. */
  close(): Promise<void>
}

/** In a folder of its own that goes at the end: the keys are shown once, so that the next start needs others. */
export async function openAccounts(): Promise<Accounts> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-telephony-'))
  const registry = sqliteRegistry({ path: join(folder, 'accounts.db') })
  return {
    registry,
    keys: await registerAccounts(registry),
    async close() {
      await registry.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** The accounts of accounts.ts, as they come about: operation by operation. */
export async function registerAccounts(registry: AccountRegistry): Promise<readonly IssuedKey[]> {
  const keys: IssuedKey[] = []
  const register = async (account: string, name: string, ...clients: { id: string; apis?: string[] }[]) => {
    await registry.registerAccount({ id: account, name, by })
    for (const client of clients) {
      await registry.registerClient({ ...client, account, by })
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
