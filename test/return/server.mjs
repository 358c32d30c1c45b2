// node server.mjs <options as JSON>: one of several processes that count together in Redis, under load of its own.
import { setTimeout as passed } from 'node:timers/promises'
import { createGate, memoryRegistry } from '@api-terms/core'
import { redisConnections } from '@api-terms/redis'
import { createClient } from 'redis'
import { answerParent } from '../child.mjs'
import { Observer } from '../soak-redis/observer.mjs'

const { name, redisUrl, observerUrl, key, records, account, limit, tasks, timeoutMs } = JSON.parse(
  process.argv[2],
)
const REQUEST = { method: 'GET', target: '/v1/calls', headers: { authorization: `Bearer ${key}` } }
const LONGEST_HOLD_MS = 150
const PAUSE_MS = 5

const faults = []
for (const kind of ['unhandledRejection', 'uncaughtException'])
  process.on(kind, (error) => faults.push(`${kind}: ${error?.stack ?? error}`))

const client = await createClient({ url: redisUrl, socket: { reconnectStrategy: 50 } })
  .on('error', () => {})
  .connect()
const observer = await Observer.at(observerUrl)
const gate = createGate({
  api: 'telephony',
  terms: { url: 'https://provider.example/terms' },
  registry: memoryRegistry(records),
  connections: { store: redisConnections({ client, timeoutMs }) },
})
const outages = []
gate.on('outage', ({ state }) => outages.push({ state, at: Date.now() }))

/** While it is frozen nobody comes or goes. */
let frozen = Promise.resolve()
let thaw = () => {}
const steps = { underway: 0 }

async function load() {
  for (;;) {
    await frozen
    steps.underway++
    const outcome = await gate.admit(REQUEST)
    const leave = outcome.admitted ? await observer.enter(name, account, limit) : undefined
    steps.underway--
    await passed(leave ? Math.random() * LONGEST_HOLD_MS : PAUSE_MS)
    await frozen
    if (!leave) continue
    // Out of sight before its slot is free: whoever is seen has a slot.
    steps.underway++
    await leave()
    outcome.release()
    steps.underway--
  }
}

answerParent(
  {
    begin() {
      for (let i = 0; i < tasks; i++) void load()
    },
    async freeze() {
      frozen = new Promise((resolve) => (thaw = resolve))
      while (steps.underway > 0) await passed(PAUSE_MS)
    },
    thaw: () => thaw(),
    health: () => gate.health(),
    outages: () => outages.splice(0),
    faults: () => faults,
  },
  {},
)
process.on('disconnect', () => process.exit())
