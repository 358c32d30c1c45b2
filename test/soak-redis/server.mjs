// node server.mjs <options as JSON>: one of several processes with the gate in Express, which count together in Redis.
import { createServer } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { createGate, memoryRegistry } from '@api-terms/core'
import { admissionOf, apiTerms } from '@api-terms/express'
import { redisConnections } from '@api-terms/redis'
import express from 'express'
import { createClient } from 'redis'
import { answerParent } from '../child.mjs'
import { Observer } from './observer.mjs'

const { name, redisUrl, observerUrl, records, limits, waitMs, ...times } = JSON.parse(process.argv[2])
const faults = []
const counts = { refused: {}, ended: {}, warnings: {} }
const add = (count, what) => (count[what] = (count[what] ?? 0) + 1)
for (const kind of ['unhandledRejection', 'uncaughtException'])
  process.on(kind, (error) => faults.push(`${kind}: ${error?.stack ?? error}`))

const client = await createClient({ url: redisUrl, socket: { reconnectStrategy: 20 } })
  .on('error', () => {})
  .connect()
const observer = await Observer.at(observerUrl)
const gate = createGate({
  api: 'telephony',
  terms: { url: 'https://provider.example/terms' },
  registry: memoryRegistry(records),
  connections: {
    store: redisConnections({ client, ...times, onWarning: ({ code }) => add(counts.warnings, code) }),
    waitMs,
    maxWaiting: 20,
    // What is watched here is the shared count, and nothing that stands in for it.
    whenStoreFails: 'refuse',
  },
})
gate.on('refused', ({ reason }) => add(counts.refused, reason))
gate.on('released', ({ why }) => why && add(counts.ended, why))

const app = express().disable('x-powered-by')
app.use('/v1', apiTerms(gate))
app.get('/v1/work', (req, res, next) => {
  const admission = admissionOf(req)
  const work = workFor(admission, Number(req.query.ms))
  // Who hangs up in the middle gives no slot back before the work has stopped.
  admission.connection.holdUntil(work)
  work.then(() => res.json({ ok: true }), next)
})

async function workFor({ account, connection }, ms) {
  const leave = await observer.enter(name, account.id, limits[account.id])
  // A connection that is ended has lost its slot: somebody else may have it.
  await passed(ms, undefined, { signal: connection.signal }).catch(() => {})
  await leave()
}

const server = createServer(app).listen(0, '127.0.0.1', () =>
  answerParent(
    {
      report: () => ({ ...counts, faults }),
      async held() {
        return (await gate.connections()).length
      },
      async close() {
        server.close()
        server.closeAllConnections()
        await gate.close()
        client.destroy()
        observer.close()
      },
    },
    { port: server.address().port },
  ),
)
process.on('disconnect', () => process.exit())
