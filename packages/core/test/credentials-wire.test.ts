import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  createGate,
  issueKey,
  memoryRegistry,
  readRequest,
  type Gate,
  type MemoryRegistry,
} from '@api-terms/core'
import { TERMS } from './gate-setting.js'

// A caller that keeps its connection is recognised by the value it sent last through the same socket.

const keys = { acme: issueKey(), globex: issueKey() }

function provider() {
  const registry = memoryRegistry({
    accounts: [{ id: 'acme' }, { id: 'globex' }],
    clients: Object.entries(keys).map(([id, { digest }]) => ({
      id,
      account: id,
      credentials: [{ id: 'first', digest }],
    })),
  })
  return { registry, gate: createGate({ terms: TERMS, registry }) }
}

/** The account that is let in, or the reason why none is. */
async function comes(gate: Gate, wire: object, headers: Record<string, string>): Promise<string> {
  const rawHeaders = Object.entries(headers).flat()
  const outcome = await gate.admit(
    readRequest({ method: 'GET', target: '/v1/calls', headers, rawHeaders, wire }),
  )
  if (!outcome.admitted) return outcome.reason
  outcome.release()
  return outcome.account.id
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** Comes through a socket so often that its registration is not looked at any more. */
async function settles(gate: Gate, wire: object, account: keyof typeof keys): Promise<void> {
  for (let time = 0; time < 3; time++)
    expect(await comes(gate, wire, bearer(keys[account].key))).toBe(account)
}

test('callers whom a proxy sends through one socket are each taken for themselves', async () => {
  const { gate } = provider()
  const wire = {}
  for (const account of ['acme', 'acme', 'globex', 'acme', 'globex', 'globex'] as const)
    expect(await comes(gate, wire, bearer(keys[account].key))).toBe(account)
})

test('a key that is nearly the last one of its socket is nobody’s', async () => {
  const { gate } = provider()
  const wire = {}
  const { key } = keys.acme
  expect(await comes(gate, wire, bearer(key))).toBe('acme')
  for (let at = 0; at < key.length; at++) {
    const other = key[at] === 'x' ? 'y' : 'x'
    const wrong = `${key.slice(0, at)}${other}${key.slice(at + 1)}`
    expect(await comes(gate, wire, bearer(wrong))).toMatch(/^credentials-/)
  }
  expect(await comes(gate, wire, bearer(key))).toBe('acme')
})

test('a value that was good in one field is read afresh in another', async () => {
  const { gate } = provider()
  const wire = {}
  const { key } = keys.acme
  expect(await comes(gate, wire, { 'x-api-key': key })).toBe('acme')
  expect(await comes(gate, wire, { authorization: key })).toMatch(/^credentials-/)
  expect(await comes(gate, wire, bearer(key))).toBe('acme')
  expect(await comes(gate, wire, { 'x-api-key': `Bearer ${key}` })).toMatch(/^credentials-/)
})

test('what changes about an account holds for the next request of its socket', async () => {
  const { gate, registry } = provider()
  const wire = {}
  await settles(gate, wire, 'acme')
  await registry.suspend({ account: 'acme', by: 'ops' })
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('account-suspended')
  await registry.reinstate({ account: 'acme', by: 'ops' })
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('acme')
  await registry.removeClient('acme')
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('credentials-invalid')
})

test('what changes about one account is nothing to the sockets of others, however often', async () => {
  const { gate, registry } = provider()
  const wires = { acme: {}, globex: {} }
  for (let time = 0; time < 3; time++) {
    await settles(gate, wires.acme, 'acme')
    await settles(gate, wires.globex, 'globex')
    await registry.suspend({ account: 'globex', by: 'ops' })
    await settles(gate, wires.acme, 'acme')
    expect(await comes(gate, wires.globex, bearer(keys.globex.key))).toBe('account-suspended')
    await registry.reinstate({ account: 'globex', by: 'ops' })
  }
  await registry.suspend({ account: 'acme', by: 'ops' })
  expect(await comes(gate, wires.acme, bearer(keys.acme.key))).toBe('account-suspended')
})

test('limits and grants given to an account hold for the next request of its socket', async () => {
  const { gate, registry } = provider()
  const wire = {}
  await settles(gate, wire, 'acme')
  await registry.setAccount({ id: 'acme', limits: { read: 0 } })
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('connections-exhausted')
  await registry.grant({ account: 'acme', limits: { read: 1 }, consentedBy: 'sales', by: 'ops' })
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('acme')
})

test('accounts are told apart by their whole ids, in whatever characters', async () => {
  const ids = ['a', 'é', '\u{1f511}', '\ud800', '\ud801', '\udc00', 'x'.repeat(600), `${'x'.repeat(599)}y`]
  const issued = ids.map(() => issueKey())
  const registry = memoryRegistry({
    accounts: ids.map((id) => ({ id })),
    clients: ids.map((id, at) => ({ id, account: id, credentials: [{ digest: issued[at]!.digest }] })),
  })
  const gate = createGate({ terms: TERMS, registry, limits: { read: 1 } })
  const wires = ids.map(() => ({}))
  for (let time = 0; time < 3; time++) {
    for (const [at, { key }] of issued.entries())
      expect(await comes(gate, wires[at]!, bearer(key))).toBe(ids[at])
  }
  // Each holds its one connection, on a socket that it keeps, and no other's.
  for (const [at, { key }] of issued.entries()) {
    const asked = { method: 'GET', target: '/v1/calls', headers: bearer(key), wire: wires[at]! }
    expect((await gate.admit(asked)).admitted).toBe(true)
    expect(await comes(gate, wires[at]!, bearer(key))).toBe('connections-exhausted')
  }
})

test('a registry that decides for itself is asked with every request of a socket', async () => {
  const { registry } = provider()
  const blocked = new Set<string>()
  const own = {
    findByDigest: (digest: string) => registry.findByDigest(digest),
    peekByDigest: (digest: string) => (blocked.has(digest) ? undefined : registry.peekByDigest(digest)),
  }
  for (const deciding of [own, { ...registry, ...own }]) {
    const gate = createGate({ terms: TERMS, registry: deciding })
    const wire = {}
    expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('acme')
    blocked.add(keys.acme.digest)
    expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('credentials-invalid')
    blocked.clear()
  }
})

test.each([
  [
    'the client is set again',
    (registry: MemoryRegistry) => registry.setClient({ id: 'acme', account: 'acme', credentials: [] }),
  ],
  ['the account is removed', (registry: MemoryRegistry) => registry.removeAccount('acme')],
  [
    'the key is revoked',
    (registry: MemoryRegistry) => registry.revokeKey({ client: 'acme', credential: 'first', by: 'ops' }),
  ],
])('a key that came before is nobody’s as soon as %s', async (_, change) => {
  const { gate, registry } = provider()
  const wire = {}
  await settles(gate, wire, 'acme')
  await change(registry)
  expect(await comes(gate, wire, bearer(keys.acme.key))).toBe('credentials-invalid')
})

test('two gates that share a socket do not take one another’s word', async () => {
  const one = provider()
  const empty = createGate({ terms: TERMS, registry: memoryRegistry() })
  const wire = {}
  expect(await comes(one.gate, wire, bearer(keys.acme.key))).toBe('acme')
  expect(await comes(empty, wire, bearer(keys.acme.key))).toBe('credentials-invalid')
  expect(await comes(one.gate, wire, bearer(keys.acme.key))).toBe('acme')
})

test('a key that was nobody’s is somebody’s from the moment it is registered', async () => {
  const { gate, registry } = provider()
  const wire = {}
  const { key, digest } = issueKey()
  expect(await comes(gate, wire, bearer(key))).toBe('credentials-invalid')
  expect(await comes(gate, wire, bearer(key))).toBe('credentials-invalid')
  await registry.setClient({ id: 'late', account: 'acme', credentials: [{ digest }] })
  expect(await comes(gate, wire, bearer(key))).toBe('acme')
})

test('a refused value speaks for none but itself', async () => {
  const { gate } = provider()
  const wire = {}
  const { key } = issueKey()
  expect(await comes(gate, wire, bearer(key))).toBe('credentials-invalid')
  expect(await comes(gate, wire, { 'x-api-key': `Bearer ${key}` })).toBe('credentials-malformed')
  expect(await comes(gate, wire, bearer(keys.globex.key))).toBe('globex')
  expect(await comes(gate, wire, bearer(key))).toBe('credentials-invalid')
})

test('neither a good nor a refused value is shown with its socket', async () => {
  const { gate } = provider()
  for (const { key } of [keys.acme, issueKey()]) {
    const wire = {}
    await comes(gate, wire, bearer(key))
    expect(Reflect.ownKeys(wire)).toHaveLength(1)
    expect(inspect(wire, { depth: 9, showHidden: true })).not.toContain(key)
    expect(JSON.stringify(wire)).not.toContain(key)
  }
})
