import { expect, test } from 'vitest'
import { memoryConnections, type LeaseAnswer } from '@api-terms/core'
import { settled, TestClock } from '../../../test/clock.js'
import { storeContract } from '../../../test/store-contract.js'

storeContract('connections in memory', () => {
  const clock = new TestClock()
  return {
    store: memoryConnections({ clock }),
    advance: (ms) => clock.advance(ms),
    settle: () => settled(1),
  }
})

const ASK = {
  api: 'telephony',
  account: 'acme',
  class: 'read',
  limit: 1,
  waitMs: 1000,
  maxWaiting: 100,
  client: 'acme-crm',
  target: '/v1/calls',
}

test('connections in memory leave no timer behind, however a wait ends', async () => {
  const clock = new TestClock()
  const store = memoryConnections({ clock })
  const held = store.acquire(ASK)
  const line = [1, 2, 3, 4].map(() => store.acquire(ASK))
  expect(clock.timers).toBe(4)
  if ('leave' in line[0]!) line[0].leave()
  if ('lease' in held) store.release(held.lease!)
  expect(clock.timers).toBe(2)
  clock.advance(1000)
  expect(clock.timers).toBe(0)
  await store.close()
})

test('connections in memory are counted on while other accounts come and go', () => {
  const store = memoryConnections()
  const ask = (account: string) => store.acquire({ ...ASK, account, limit: 2, waitMs: 0 }) as LeaseAnswer
  const held = ask('acme')
  for (const round of [1, 2]) {
    for (const account of ['globex', 'initech', 'globex']) store.release(ask(account).lease!)
    const second = ask('acme')
    expect([round, second.inUse, ask('acme').lease]).toEqual([round, 2, undefined])
    store.release(second.lease!)
  }
  store.release(held.lease!)
  const again = ask('acme')
  store.release(ask('globex').lease!)
  store.release(ask('initech').lease!)
  expect([again.inUse, ask('acme').inUse, ask('acme').lease]).toEqual([1, 2, undefined])
})
