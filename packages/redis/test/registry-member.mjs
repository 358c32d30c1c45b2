// One process of several that write to one registry, as fast as they can, and say what was confirmed. Runs what was built.
import { createHash } from 'node:crypto'
import { redisRegistry } from '@api-terms/redis'
import { createClient } from 'redis'

const [url, prefix, name] = process.argv.slice(2)
const client = createClient({ url })
await client.on('error', () => {}).connect()
const registry = redisRegistry({ client, prefix, timeoutMs: 5000 })
let serial = 0

async function perform(operation) {
  const why = `${name} ${++serial}`
  const { id } = await registry.perform(operation, { by: name, why })
  process.send({ id, why })
}

async function write() {
  for (let i = 0; ; i++) {
    const account = `${name}-${i}`
    const digest = createHash('sha256').update(account).digest('hex')
    await perform({ kind: 'register-account', account, details: { partner: 'resell' } })
    await perform({ kind: 'register-client', client: account, account, details: { name: 'CRM' } })
    await perform({ kind: 'issue-key', client: account, credential: { digest } })
    // Both want the same record here, and all records of the partner.
    const grant = { id: account, limits: { read: i }, consentedBy: 'sales' }
    await perform({ kind: 'grant', account: 'shared', grant })
    await perform({ kind: 'withdraw-grant', account: 'shared', grant: account })
    await perform({ kind: 'update-client', client: account, changes: { name: null } })
    if (i % 4 === 3) await perform({ kind: 'remove-account', account: `${name}-${i - 2}` })
    if (i % 8 === 7) await perform({ kind: 'terminate', partner: 'resell', from: new Date(4e12 - serial) })
  }
}

process.on('disconnect', () => process.exit())
process.once('message', () => void write().catch((error) => process.send({ error: String(error) })))
process.send({ ready: true })
