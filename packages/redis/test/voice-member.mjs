// One process of several that serve an API over HTTP and speak with one another. Runs what was built.
import { createServer } from 'node:http'
import { createGate } from '@api-terms/core'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { redisConnections } from '@api-terms/redis'
import { createClient } from 'redis'

const {
  url,
  prefix,
  limits = { read: 10 },
  waitMs = 0,
  told = true,
  bare = false,
  leaseMs,
} = JSON.parse(process.argv[2])
const client = createClient({ url })
await client.on('error', () => {}).connect()
// The provider's own table: its records, and nothing that tells of changes but in one process.
const table = createClient({ url, database: 1 })
await table.on('error', () => {}).connect()

const listeners = new Set()
const registry = {
  async findByDigest(digest) {
    const row = await table.hGet(prefix, digest)
    return row ? revived(JSON.parse(row)) : undefined
  },
  ...(told && {
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }),
}

function revived(registration) {
  const { credential } = registration
  return credential.revokedAt
    ? { ...registration, credential: { ...credential, revokedAt: new Date(credential.revokedAt) } }
    : registration
}

const gate = createGate({
  api: 'telephony',
  terms: { url: 'https://provider.example/terms' },
  registry,
  // So long that nothing takes effect by itself.
  credentials: { cacheMs: 600_000, timeoutMs: 5000 },
  limits,
  connections: {
    waitMs,
    store: redisConnections({
      client: bare ? (args) => client.sendCommand(args) : client,
      prefix,
      ...(leaseMs && { leaseMs }),
    }),
  },
})
const released = []
const warnings = []
gate.on('released', ({ connection, why }) => released.push({ id: connection, why }))
gate.on('warning', ({ code }) => warnings.push(code))

const server = createServer(
  guardRequests(gate, (req, res) => {
    if (req.url === '/v1/events') return res.writeHead(200).write('data: hello\n\n')
    res.end('hello')
  }),
)
guardUpgrades(gate, server, (_req, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))

const answers = {
  process: () => gate.process,
  setLimits: (changed) => gate.setLimits(changed),
  end: ({ filter, why }) => gate.end(filter, why),
  connections: (filter) => gate.connections(filter),
  announce(account) {
    for (const listener of listeners) listener({ account })
  },
  released: () => released,
  warnings: () => warnings,
  close: () => gate.close(),
}

process.on('message', ({ id, question, ask }) => {
  const began = performance.now()
  const answered = (answer) => process.send?.({ id, answer, ms: performance.now() - began })
  Promise.resolve()
    .then(() => answers[question](ask))
    .then(answered, (error) => process.send?.({ id, error: `${error.name}: ${error.message}` }))
})
process.on('disconnect', () => process.exit())
process.send({ port: server.address().port })
