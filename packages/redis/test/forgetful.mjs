// A process that has done its work and closes its client, but forgets its gate.
import { setTimeout as passed } from 'node:timers/promises'
import { createGate, memoryRegistry } from '@api-terms/core'
import { redisConnections } from '@api-terms/redis'

const [kind, url] = process.argv.slice(2)
const { createClient, Redis } = await import(kind)
const client = Redis ? new Redis(url) : await createClient({ url }).connect()
const gate = createGate({
  terms: { url: 'https://provider.example/terms' },
  registry: memoryRegistry(),
  connections: { store: redisConnections({ client }) },
})
await gate.setLimits({ read: 7 })
await passed(100)
await (Redis ? client.quit() : (client.disconnect?.() ?? client.destroy()))
console.log('done')
