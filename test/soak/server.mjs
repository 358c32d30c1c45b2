// node server.mjs <app> <registry> <waitMs> <seed>: one server of the soak, which disturbs itself and watches what its handlers see.
import { createGate, memoryRegistry } from '@api-terms/core'
import { answerParent } from '../child.mjs'
import { Random } from '../random.mjs'
import { API, LIMITS, provision } from './accounts.mjs'
import { APPS } from './apps.mjs'
import { Books } from './books.mjs'
import { Census } from './census.mjs'
import { disturb } from './disturb.mjs'
import { slowRegistry, SLOWEST_MS } from './registry.mjs'
import { Standing } from './standing.mjs'

export const MAX_HOLD_MS = 1000
export const STALL_MS = 400

const [app, registryName, waitMs, seed] = process.argv.slice(2)
const random = new Random(Number(seed))
const { records, keys } = provision()
const registry = registryName === 'slow' ? slowRegistry(records, random.branch()) : memoryRegistry(records)
const gate = createGate({
  api: API,
  terms: { url: 'https://provider.example/terms', version: '2026-01' },
  registry,
  limits: LIMITS,
  credentials: { cacheMs: 50 },
  connections: { waitMs: Number(waitMs), maxWaiting: 8, maxHoldMs: MAX_HOLD_MS, stallMs: STALL_MS },
  requests: {
    methods: ['GET', 'POST'],
    paths: ['/v1/:name'],
    mediaTypes: ['application/json'],
    maxBodyBytes: 100_000,
  },
  caching: { default: 'private, max-age=60' },
})
const waitsForRegistry = registryName === 'slow' && Number(waitMs) > 0
const standing = new Standing(LIMITS, records.accounts, waitsForRegistry ? 2 * SLOWEST_MS : 0)
const census = new Census(standing)
const books = new Books(gate, census, standing)
for (const name of ['unhandledRejection', 'uncaughtException']) {
  process.on(name, (error) => census.fault(`${name}: ${error?.stack ?? error}`))
}
process.on('warning', (warning) => census.fault(`warning: ${warning.stack}`))

const server = APPS[app](gate, (req, carrier, admission) => {
  for (const name of [admission.account.id, admission.client.id]) {
    if (standing.isShutOut(name)) census.fault(`${name} came in, who is shut out`)
  }
  return census.enter(req, carrier, admission)
})
server.keepAliveTimeout = 20_000
const sockets = new Set()
server.on('connection', (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
})
let stopDisturbing = async () => {}

async function idle() {
  const until = Date.now() + 5000
  while (Date.now() < until) {
    if (sockets.size === 0 && census.open().size === 0 && (await gate.connections()).length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { sockets: sockets.size, handlers: census.open().size, gate: (await gate.connections()).length }
}

/** What keeps the process alive, and what is left on the heap after it has been cleaned. */
async function weigh() {
  for (let pass = 0; pass < 5; pass++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    globalThis.gc()
  }
  const handles = process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Timeout')
    .toSorted()
  const listeners = [process, server].flatMap((emitter) =>
    emitter.eventNames().map((name) => `${String(name)}:${emitter.listenerCount(name)}`),
  )
  return {
    heap: process.memoryUsage().heapUsed,
    handles,
    listeners: String(listeners.toSorted((a, b) => a.localeCompare(b))),
  }
}

server.listen(0, '127.0.0.1', () =>
  answerParent(
    {
      begin: () => {
        stopDisturbing = disturb({
          gate,
          registry,
          records,
          standing,
          census,
          books,
          random: random.branch(),
        })
      },
      calm: async () => {
        await stopDisturbing()
        return idle()
      },
      weigh,
      /** Listeners on the one socket that is connected: they must not grow from request to request. */
      socketListeners: () =>
        [...sockets].map((socket) =>
          socket.eventNames().map((name) => `${String(name)}:${socket.listenerCount(name)}`),
        ),
      decided: () => books.decided,
      report: () => ({ ...books.report(), seen: census.seen, faults: census.faults }),
      close: async () => {
        await gate.close()
        server.close()
      },
    },
    { port: server.address().port, keys },
  ),
)
process.on('disconnect', () => process.exit())
