// One process of several that serve APIs over HTTP, with a gate for each, as its parent says. Runs what was built.
import { createServer } from 'node:http'
import { createGate } from '@api-terms/core'
import { guardRequests, guardUpgrades } from '@api-terms/core/node'
import { redisConnections } from '@api-terms/redis'
import { createClient } from 'redis'

const [url] = process.argv.slice(2)
const client = createClient({ url })
// The provider's own table: its records, and nothing that tells of changes but in one process.
const table = createClient({ url, database: 1 })
for (const each of [client, table]) await each.on('error', () => {}).connect()

const served = new Map()

async function serve({ prefix, limits = { read: 10 }, waitMs = 0, told = true, bare = false }) {
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
  const gate = createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms' },
    registry,
    // So long that nothing takes effect by itself.
    credentials: { cacheMs: 600_000, timeoutMs: 5000 },
    limits,
    connections: {
      waitMs,
      store: redisConnections({ client: bare ? (args) => client.sendCommand(args) : client, prefix }),
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
  const name = gate.process
  served.set(name, { gate, listeners, released, warnings })
  return { name, port: server.address().port }
}

function revived(registration) {
  const { credential } = registration
  if (!credential.revokedAt) return registration
  return { ...registration, credential: { ...credential, revokedAt: new Date(credential.revokedAt) } }
}

const answers = {
  serve: (_none, options) => serve(options),
  setLimits: ({ gate }, limits) => gate.setLimits(limits),
  end: ({ gate }, { filter, why }) => gate.end(filter, why),
  connections: ({ gate }, filter) => gate.connections(filter),
  announce({ listeners }, account) {
    for (const listener of listeners) listener({ account })
  },
  released: ({ released }) => released,
  warnings: ({ warnings }) => warnings,
  close: ({ gate }) => gate.close(),
}

process.on('message', ({ id, gate, question, about }) => {
  Promise.resolve()
    .then(() => answers[question](served.get(gate), about))
    .then(
      (answer) => process.send?.({ id, answer }),
      (error) => process.send?.({ id, error: `${error.name}: ${error.message}` }),
    )
})
process.on('disconnect', () => process.exit())
process.send({})
