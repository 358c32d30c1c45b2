// What every part of the benchmark sets up alike: the accounts, their keys, and a gate with all its rooms on.
import { createGate, issueKey, memoryRegistry } from '@api-terms/core'

export const TARGET = '/v1/extensions'

/** Holds its request open until the caller goes. */
export const HOLD = '/v1/hold'

/** No gate and no route knows it. */
export const NOWHERE = '/v1/nowhere'

/** What is answered: the size of a small page of a listing. */
export const EXTENSIONS = Array.from({ length: 5 }, (_, index) => ({
  id: `ext-${index + 1}`,
  number: String(101 + index),
  name: `Extension ${101 + index}`,
  presence: index % 2 === 0 ? 'available' : 'busy',
}))

/** Accounts of one client and one key each. */
export function provision(count) {
  const accounts = []
  const clients = []
  const keys = []
  for (let index = 0; index < count; index++) {
    const { key, digest } = issueKey()
    const id = `account-${index}`
    accounts.push({ id })
    clients.push({ id: `client-${index}`, account: id, credentials: [{ id: `key-${index}`, digest }] })
    keys.push(key)
  }
  return { accounts, clients, keys }
}

const VERSION = '2026-01'

/** What looks at accounts over time: versions of the Terms that are to be accepted, and signs of misuse. */
const OVER_TIME = {
  terms: {
    url: 'https://provider.example/terms',
    versions: [{ version: VERSION, effectiveAt: new Date('2026-01-01') }],
  },
  misuse: {
    networks: { most: 10, refuseMs: 60_000 },
    ids: { paths: ['/v1/extensions{/:id}', '/v1/calls{/:id}'], most: 100, refuseMs: 60_000 },
    atLimit: { most: 100, refuseMs: 60_000 },
  },
}

/** What such a gate looks at of a client. */
const CLIENT_OVER_TIME = {
  networks: ['127.0.0.0/8', '::1'],
  acceptances: [
    { version: VERSION, at: new Date('2026-01-02'), by: 'bench@example.com', entity: 'Bench Ltd' },
  ],
}

/** The gate as a provider would set it up for a small API: of what looks at single requests nothing is left out that costs time. */
export function createFullGate(registry, { credentials = {}, store, overTime = false } = {}) {
  return createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms', version: VERSION },
    ...(overTime && OVER_TIME),
    registry,
    credentials,
    limits: { read: 50, write: 5 },
    connections: { ...(store && { store }) },
    requests: {
      methods: ['GET', 'POST', 'DELETE'],
      paths: [
        '/v1/extensions{/:id}',
        '/v1/calls{/:id}',
        '/v1/recordings/:id',
        '/v1/countries',
        '/v1/events',
        HOLD,
      ],
      mediaTypes: ['application/json'],
      maxBodyBytes: 65_536,
      upgrades: ['websocket'],
      block: [{ path: '/v1/recordings/:id', methods: ['DELETE'] }],
    },
    caching: {
      default: 'no-store',
      rules: [
        { path: '/v1/countries', policy: 'public, max-age=3600' },
        { path: '/v1/recordings/:id', policy: 'private, max-age=86400' },
        { path: '/v1/extensions{/:id}', policy: 'private, max-age=300' },
      ],
    },
  })
}

/**
 * What a server with a gate needs: the gate, keys that are let in, one of an account whose only connection is taken, and
 * one that is well formed but nobody's.
 */
export async function createGuard(accounts, { store, overTime = false } = {}) {
  const { keys, ...records } = provision(accounts + 1)
  records.accounts[accounts].limits = { read: 1 }
  if (overTime) for (const client of records.clients) Object.assign(client, CLIENT_OVER_TIME)
  const gate = createFullGate(memoryRegistry(records), { store, overTime })
  const exhausted = keys.pop()
  const taken = await gate.admit({
    method: 'GET',
    target: TARGET,
    headers: { host: 'bench.example', authorization: `Bearer ${exhausted}` },
    caller: { secure: false, remoteAddress: '127.0.0.1' },
  })
  if (!taken.admitted) throw new Error(`the gate refused a good key: ${taken.reason}`)
  return { gate, keys, exhausted, unknown: issueKey().key }
}
