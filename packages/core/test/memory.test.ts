import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  createGate,
  issueKey,
  memoryConnections,
  memoryRegistry,
  readRequest,
  type Admission,
  type Gate,
  type GateRequest,
} from '@api-terms/core'
import { isPending } from '../src/pending.js'
import { asking, gateWith, TERMS } from './gate-setting.js'

const COUNT = 100_000
/** What the collector leaves lying about, and tables that have grown and stay. */
const SLACK_BYTES = 4 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

function decided(gate: Gate, request: GateRequest): Admission {
  const outcome = gate.decide(request)
  if (isPending(outcome) || !outcome.admitted) throw new Error('not admitted on the spot')
  return outcome
}

/**
 * Bytes for each open connection beyond its request, the so many-th of its socket, and what is left when all have gone, requests and sockets
 * too.
 */
async function measure(gate: Gate, requestsOf: RequestsOf, times = 1) {
  for (const request of requestsOf(1)) decided(gate, request).release()
  const before = await heapBytes()
  const admissions: (Admission | undefined)[] = Array.from({ length: COUNT }, () => undefined)
  const each = await bytesOfOpen(gate, requestsOf(COUNT), admissions, times)
  for (const admission of admissions) admission?.release()
  admissions.length = 0
  return { each, left: (await heapBytes()) - before }
}

async function bytesOfOpen(
  gate: Gate,
  requests: readonly GateRequest[],
  admissions: (Admission | undefined)[],
  times: number,
) {
  const start = await heapBytes()
  for (let time = 1; time < times; time++) for (const request of requests) decided(gate, request).release()
  for (let i = 0; i < COUNT; i++) admissions[i] = decided(gate, requests[i]!)
  return ((await heapBytes()) - start) / COUNT
}

type RequestsOf = (count: number) => readonly GateRequest[]

/** As they come from the parser: strings in one piece, none shared with another request. */
function requestsWith(keyOf: (i: number) => string): RequestsOf {
  const parsed = (text: string) => Buffer.from(text).toString('latin1')
  return (count) =>
    Array.from({ length: count }, (_, i) =>
      readRequest({
        method: 'GET',
        target: parsed(`/v1/calls/${i}`),
        headers: { authorization: parsed(`Bearer ${keyOf(i)}`) },
        // An object with room for what is noted on it, as a socket has.
        wire: {},
      }),
    )
}

describe('an open connection', () => {
  test('takes a few hundred bytes, and nothing when it is over', { timeout: 60_000 }, async () => {
    const { key, digest } = issueKey()
    const registry = memoryRegistry({
      accounts: [{ id: 'acme' }],
      clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
    })
    const gate = createGate({ terms: TERMS, registry, limits: { read: Infinity } })
    const { each, left } = await measure(
      gate,
      requestsWith(() => key),
    )
    console.log(`an open connection of one account among many of its own: ${each.toFixed(0)} bytes`)
    expect(each).toBeLessThanOrEqual(400)
    expect(left).toBeLessThan(SLACK_BYTES)
    await gate.close()
  })

  test.each([
    ['that is the only one of its account takes a counter more', 1],
    ['of a caller that has come before through its socket takes no more', 3],
  ])('%s, and nothing when it is over', { timeout: 60_000 }, async (_, times) => {
    const keys = Array.from({ length: COUNT }, () => issueKey())
    const registry = memoryRegistry({
      accounts: keys.map((_key, i) => ({ id: `account-${i}` })),
      clients: keys.map(({ digest }, i) => ({
        id: `client-${i}`,
        account: `account-${i}`,
        credentials: [{ digest }],
      })),
    })
    const gate = createGate({ terms: TERMS, registry })
    const requests = requestsWith((i) => keys[i]!.key)
    const { each, left } = await measure(gate, requests, times)
    console.log(
      `an open connection of an account that has no other, come ${times} times: ${each.toFixed(0)} bytes`,
    )
    expect(each).toBeLessThanOrEqual(400)
    expect(left).toBeLessThan(SLACK_BYTES)
    await gate.close()
  })

  test('that is over keeps none that came after it', async () => {
    const { gate, keys } = gateWith()
    const kept = decided(gate, readRequest(asking(keys.crm)))
    const later = openLater(gate, keys.crm)
    kept.release()
    await gate.end({}, 'over')
    await heapBytes()
    expect(later.filter((one) => one.deref())).toEqual([])
    expect(kept.connection.class).toBe('read')
  })

  /** In a function of its own, so that no variable keeps them. */
  function openLater(gate: Gate, key: string): WeakRef<object>[] {
    return [1, 2, 3].map(() => new WeakRef(decided(gate, readRequest(asking(key))).connection))
  }
})

test('a store keeps nothing of accounts that hold nothing', { timeout: 60_000 }, async () => {
  const store = memoryConnections()
  const ask = { api: 'a', class: 'read', limit: 1, waitMs: 0, maxWaiting: 0, client: 'c', target: '/' }
  const visitAll = () => {
    for (let i = 0; i < COUNT; i++) {
      const account = createHash('md5').update(String(i)).digest('hex')
      const answer = store.acquire({ ...ask, account })
      if (!isPending(answer)) store.release(answer.lease!)
    }
  }
  const start = await heapBytes()
  visitAll()
  expect((await heapBytes()) - start).toBeLessThan(SLACK_BYTES / 4)
})

test('a gate keeps nothing of requests that it has refused', { timeout: 60_000 }, async () => {
  const { registry } = gateWith()
  const gate = createGate({ terms: TERMS, registry })
  const refuse = async (count: number) => {
    for (let i = 0; i < count; i++)
      await gate.admit(asking(i % 2 ? `key_${i}` : undefined, 'GET', `/v1/${i}`))
  }
  await refuse(1000)
  const start = await heapBytes()
  await refuse(COUNT)
  expect((await heapBytes()) - start).toBeLessThan(SLACK_BYTES / 4)
  await gate.close()
})
