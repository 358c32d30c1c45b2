import { createClient } from 'redis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGate, issueKey, memoryRegistry, type Gate, type WarningEvent } from '@api-terms/core'
import { redisConnections } from '@api-terms/redis'
import { redisForTests } from '../../../test/redis-server.js'
import { freshPrefix } from './store-setting.js'

let server: Awaited<ReturnType<typeof redisForTests>>
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  server = await redisForTests()
  client = createClient({ url: server.url })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})

const { key, digest } = issueKey()
const request = { method: 'GET', target: '/v1/calls', headers: { authorization: `Bearer ${key}` } }

/** A gate as each of several processes has one. */
function gateOver(prefix: string): Gate {
  return createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms' },
    registry: memoryRegistry({
      accounts: [{ id: 'acme' }],
      clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
    }),
    limits: { read: 2 },
    connections: {
      whenStoreFails: 'refuse',
      store: redisConnections({ client, prefix, leaseMs: 800, timeoutMs: 200 }),
    },
  })
}

test('two gates that share a store hold one limit, and leave nothing behind as they close', async () => {
  const prefix = freshPrefix()
  const gates = [gateOver(prefix), gateOver(prefix)]
  const ask = async (gate: Gate) => {
    const outcome = await gate.admit(request)
    return outcome.admitted ? 'admitted' : outcome.reason
  }
  const outcomes = [await ask(gates[0]!), await ask(gates[1]!), await ask(gates[0]!), await ask(gates[1]!)]
  expect(outcomes).toEqual(['admitted', 'admitted', 'connections-exhausted', 'connections-exhausted'])
  await gates[0]!.close()
  expect(await ask(gates[1]!)).toBe('admitted')
  await gates[1]!.close()
  expect(await client.keys(`${prefix}{*`)).toEqual([])
})

test('what the store warns of is among the events of the gate', async () => {
  const prefix = freshPrefix()
  const gate = gateOver(prefix)
  const told: WarningEvent[] = []
  gate.on('warning', (event) => told.push(event))
  const outcome = await gate.admit(request)
  await client.del(`${prefix}{telephony|acme|read}`)
  await expect.poll(() => told).toMatchObject([{ code: 'leases-lost', api: 'telephony', count: 1 }])
  expect(outcome.admitted && outcome.connection.signal.aborted).toBe(false)
  expect(await client.zCard(`${prefix}{telephony|acme|read}`)).toBe(1)
  await gate.close()
})
