// A child process: a gate without a server, which decides on requests as fast as it can. node decide.mjs <accounts> <memory | cached> <open | new> <batches>
import { memoryRegistry, readRequest } from '@api-terms/core'
import { createFullGate, provision, TARGET } from './terms.mjs'

const [, , accounts, kind, sockets, batches] = process.argv
const BATCH = 250
/** So many callers keep their connection at a time, whatever number of accounts there is. */
const OPEN_SOCKETS = 1000
const { keys, gate } = createSetting()
if (kind === 'cached') for (const key of keys) (await gate.admit(partsWith(key))).release()

/** Callers who have come before through the socket that they come through again: of accounts drawn at random. */
const callers = Array.from({ length: OPEN_SOCKETS }, () => ({ key: drawn(keys), wire: {} }))

/** What the registry has copied is let go of, as a provider would. */
function createSetting() {
  const { keys: issued, ...records } = provision(Number(accounts))
  const options = kind === 'cached' ? { credentials: { cacheMs: 3_600_000 } } : {}
  const registry = kind === 'cached' ? behindPromises(records) : memoryRegistry(records)
  return { keys: issued, gate: createFullGate(registry, options) }
}

/** A registry that has to be waited for, such as one in a database: here what the gate caches is what is asked. */
function behindPromises({ accounts: all, clients }) {
  const byDigest = new Map()
  clients.forEach((client, index) => {
    const [credential] = client.credentials
    byDigest.set(credential.digest, { account: all[index], client, credential })
  })
  return { findByDigest: async (digest) => byDigest.get(digest) }
}

/** As Node hands them over: flat text, new each time, which nobody has hashed or compared before. */
function partsWith(key, wire) {
  const authorization = Buffer.from(`Bearer ${key}`, 'latin1').latin1Slice()
  const rawHeaders = ['Host', 'bench.example', 'Accept', '*/*', 'Authorization', authorization]
  return {
    method: 'GET',
    target: TARGET,
    headers: { host: 'bench.example', accept: '*/*', authorization },
    rawHeaders,
    wire,
  }
}

function nextParts() {
  if (sockets === 'new') return partsWith(drawn(keys), {})
  const { key, wire } = drawn(callers)
  return partsWith(key, wire)
}

function drawn(list) {
  return list[Math.floor(Math.random() * list.length)]
}

/**
 * Draws accounts at random, makes their requests, and only then decides on all of them. Few enough at a time that the
 * requests are still in the processor's cache, where a server that has just read one has it too.
 */
function decideOnBatch() {
  const parts = Array.from({ length: BATCH }, nextParts)
  const started = process.hrtime.bigint()
  const requests = parts.map(readRequest)
  const read = process.hrtime.bigint()
  for (const request of requests) {
    const outcome = gate.decide(request)
    if (outcome.admitted !== true) throw new Error(`not let in at once: ${outcome.reason ?? 'has to wait'}`)
    outcome.release()
  }
  const decided = process.hrtime.bigint()
  return { decide: Number(decided - read), read: Number(read - started) }
}

function round() {
  let decide = 0
  let read = 0
  for (let batch = 0; batch < Number(batches); batch++) {
    const took = decideOnBatch()
    decide += took.decide
    read += took.read
  }
  const decisions = BATCH * Number(batches)
  return { decideNs: decide / decisions, readNs: read / decisions }
}

process.on('message', ({ id }) => process.send({ id, answer: round() }))
process.on('disconnect', () => process.exit())
process.send({ ready: {} })
