// node server.mjs <url of Redis> <prefix>: one of several processes that serve an API, with a registry and connections in Redis.
import { createServer } from 'node:http'
import { createGate } from '@api-terms/core'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { redisConnections, redisRegistry } from '@api-terms/redis'
import { createClient } from 'redis'
import { WebSocketServer } from 'ws'
import { answerParent } from '../child.mjs'
import { now } from './clock.mjs'

const TICK_MS = 10
const BY = { by: 'ops@provider.example' }

const [url, prefix] = process.argv.slice(2)
const client = createClient({ url })
await client.on('error', () => {}).connect()
const registry = redisRegistry({ client, prefix })
const gate = createGate({
  api: 'telephony',
  terms: { url: 'https://provider.example/terms' },
  registry,
  // So long that nothing takes effect by itself.
  credentials: { cacheMs: 600_000 },
  limits: { read: 1000, write: 1 },
  connections: { store: redisConnections({ client, prefix, timeoutMs: 2000 }), waitMs: 60_000 },
})

/** When somebody of an account came in last. */
const cameIn = new Map()
gate.on('admitted', ({ account }) => cameIn.set(account, now()))
gate.on('warning', ({ code, message, cause }) => console.error(code, message, cause))

const server = createServer(
  guardRequests(gate, (req, res) => {
    if (req.method === 'POST') return res.writeHead(200).write('ringing')
    if (req.url === '/v1/events') return ticks((text) => res.write(text), res)
    setTimeout(() => res.end('hello'), Math.random() * 5)
  }),
)
const sockets = new WebSocketServer({ noServer: true })
guardUpgrades(gate, server, (req, socket, head) =>
  sockets.handleUpgrade(req, socket, head, (opened) => ticks((text) => opened.send(text), opened)),
)

function ticks(send, carrier) {
  send('tick')
  const timer = setInterval(() => send('tick'), TICK_MS)
  carrier.on('error', () => {}).on('close', () => clearInterval(timer))
}

await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
process.on('disconnect', () => process.exit())
answerParent(
  {
    /** A new account with a client: its key. */
    async register(account) {
      await registry.registerAccount({ id: account, ...BY })
      const { id } = await registry.registerClient({ account, ...BY })
      return (await registry.issueKey({ client: id, ...BY })).key
    },
    /** When it was called, and when it resolved. */
    async suspend(account) {
      const called = now()
      await registry.suspend({ account, ...BY, why: 'unpaid' })
      return { called, resolved: now() }
    },
    cameIn: (account) => cameIn.get(account) ?? 0,
    openNow: async (account) => (await gate.connections({ account })).length,
  },
  { port: server.address().port },
)
