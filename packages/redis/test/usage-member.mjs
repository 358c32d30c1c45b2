// One process of several that count usage together. Runs what was built.
import { createGate, createUsage, issueKey, memoryRegistry } from '@api-terms/core'
import { redisUsage } from '@api-terms/redis'
import { createClient } from 'redis'

const [url, prefix] = process.argv.slice(2)
const client = createClient({ url })
await client.connect()
const { key, digest } = issueKey()
const registry = memoryRegistry({
  accounts: [{ id: 'acme' }],
  clients: [{ id: 'app', account: 'acme', credentials: [{ digest }] }],
})
const gate = createGate({
  terms: { url: 'https://provider.example/terms' },
  api: 'telephony',
  registry,
  limits: { read: 1 },
})
const usage = createUsage({ store: redisUsage({ client, prefix }), flushMs: 100 })
usage.follow(gate)
const request = { method: 'GET', target: '/', headers: { 'x-api-key': key } }

const TASKS = {
  /** Each request is answered while another is refused. */
  async work(count) {
    for (let n = 0; n < count; n++) {
      const admission = await gate.admit(request)
      await gate.admit(request)
      admission.release()
    }
    return count
  },
  async close() {
    await gate.close()
    await usage.close()
    client.destroy()
    return 0
  },
}

process.on('message', ({ task, count }) => void TASKS[task](count).then((answer) => process.send(answer)))
process.send('ready')
