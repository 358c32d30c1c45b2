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

/** The gate as a provider would set it up for a small API: nothing left out that costs time. */
export function createFullGate(registry, { credentials = {}, store } = {}) {
  return createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms', version: '2026-01' },
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
export async function createGuard(accounts, store) {
  const { keys, ...records } = provision(accounts + 1)
  records.accounts[accounts].limits = { read: 1 }
  const gate = createFullGate(memoryRegistry(records), { store })
  const exhausted = keys.pop()
  const taken = await gate.admit({
    method: 'GET',
    target: TARGET,
    headers: { host: 'bench.example', authorization: `Bearer ${exhausted}` },
  })
  if (!taken.admitted) throw new Error(`the gate refused a good key: ${taken.reason}`)
  return { gate, keys, exhausted, unknown: issueKey().key }
}
