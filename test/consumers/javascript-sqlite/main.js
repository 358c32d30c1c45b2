import { rmSync } from 'node:fs'
import { sqliteRegistry } from '@api-terms/sqlite'

const registry = sqliteRegistry({ path: 'esm.db' })
await registry.registerAccount({ id: 'acme', by: 'test' })
await registry.registerClient({ id: 'crm', account: 'acme', by: 'test' })
const { digest } = await registry.issueKey({ client: 'crm', by: 'test' })
if (registry.peekByDigest(digest)?.account.id !== 'acme') throw new Error('the key is not found')
await registry.close()
for (const name of ['esm.db', 'esm.db-wal', 'esm.db-shm']) rmSync(name, { force: true })
