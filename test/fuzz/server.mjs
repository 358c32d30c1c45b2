// node server.mjs <app>: one server of the fuzz, with all rooms of the gate on, which watches who reaches its handler.
import { inspect } from 'node:util'
import { createGate, issueKey, memoryRegistry } from '@api-terms/core'
import { answerParent } from '../child.mjs'
import { APPS } from './apps.mjs'
import { decoded, wrongWith } from './oracle.mjs'
import { DOCUMENTED, TERMS_URL } from './terms.mjs'
import { OF_EXPRESS } from './warnings.mjs'

const issued = Array.from({ length: 4 }, () => issueKey())
const strangers = Array.from({ length: 4 }, () => issueKey().key)
const keys = issued.map(({ key }) => key)
const secrets = [...keys, ...strangers]

const gate = createGate({
  api: 'telephony',
  terms: { url: TERMS_URL, version: '2026-01' },
  registry: memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: issued.map(({ digest }, index) => ({
      id: `client-${index}`,
      account: 'acme',
      credentials: [{ digest }],
    })),
  }),
  limits: { read: 1000, write: 1000 },
  connections: { maxHoldMs: 3000, stallMs: 1000 },
  requests: DOCUMENTED,
  caching: { default: 'private, max-age=60', rules: [{ path: '/v1/calls', policy: 'no-store' }] },
})

const faults = []
const fault = (text) => faults.length < 50 && faults.push(text)
let reached = []
let events = 0
for (const name of ['admitted', 'refused', 'abandoned', 'released', 'warning']) {
  gate.on(name, (event) => {
    events++
    if (name === 'warning') fault(`the gate warned: ${event.message}`)
    const told = decoded(JSON.stringify(event) + inspect(event))
    if (secrets.some((secret) => told.includes(secret))) fault(`an event ${name} tells a key`)
  })
}
for (const name of ['unhandledRejection', 'uncaughtException']) {
  process.on(name, (error) => fault(`${name}: ${error?.stack ?? error}`))
}
process.on('warning', (warning) => {
  if (warning.code !== OF_EXPRESS) fault(`warning: ${warning.stack}`)
})

const server = APPS[process.argv[2]](gate, (req) => {
  const target = req.originalUrl ?? req.url
  const wrong = wrongWith(req, target, keys)
  if (wrong) fault(`the handler was reached ${wrong}: ${req.method} ${target.slice(0, 200)}`)
  reached.push({ port: req.socket.remotePort, method: req.method, target })
})
const sockets = new Set()
server.on('connection', (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
})

async function emptied() {
  for (let left = 200; left > 0 && (sockets.size > 0 || (await gate.connections()).length > 0); left--) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

server.listen(0, '127.0.0.1', () =>
  answerParent(
    {
      /** Once all who were connected have gone. */
      reached: async () => {
        await emptied()
        const since = reached
        reached = []
        return since
      },
      report: async () => {
        await emptied()
        return { faults, events, sockets: sockets.size, held: (await gate.connections()).length }
      },
      close: async () => {
        await gate.close()
        server.close()
      },
    },
    { port: server.address().port, keys, strangers },
  ),
)
process.on('disconnect', () => process.exit())
