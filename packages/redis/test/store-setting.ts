import { randomBytes } from 'node:crypto'
import { setImmediate as turnEnds, setTimeout as passed } from 'node:timers/promises'
import {
  StoreError,
  type ConnectionStore,
  type Lease,
  type LeaseAnswer,
  type LeaseAsk,
} from '@api-terms/core'
import { redisConnections, type RedisClient, type RedisConnectionsOptions } from '@api-terms/redis'
import type { StoreUnderTest } from '../../../test/store-contract.js'

/** Time passes by itself here: what the contract waits out is shorter by so much. */
const PACE = 4
/** This long the contract waits for what comes sooner. */
const SOONER = 1000

/** Names that nobody else uses. */
export function freshPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}:`
}

/** Stores for the contract, each with names of its own, and what closes them all. */
export function contractStores() {
  const stores: ConnectionStore[] = []
  return {
    async make(client: RedisClient, changes: Partial<RedisConnectionsOptions> = {}): Promise<StoreUnderTest> {
      const looks = typeof client === 'function'
      const pace = looks ? 1 : PACE
      const store = redisConnections({ client, prefix: freshPrefix(), timeoutMs: 2000, ...changes })
      stores.push(store)
      // Wake-ups are heard from now on.
      await allHeard(store)
      return {
        store: {
          acquire(ask) {
            const waitMs = ask.waitMs === SOONER ? 3 * SOONER : ask.waitMs / pace
            return store.acquire({ ...ask, waitMs })
          },
          release: (lease) => store.release(lease),
          setLimit: (counter, limit) => store.setLimit(counter, limit),
          close: () => store.close(),
        },
        advance: (ms) => passed(ms / pace),
        settle: () => allHeard(store),
      }
    },
    async close() {
      await Promise.all(stores.splice(0).map((store) => store.close()))
    },
  }
}

export const ASK: LeaseAsk = {
  api: 'telephony',
  account: 'acme',
  class: 'read',
  limit: 1,
  waitMs: 0,
  maxWaiting: 100,
  client: 'acme-crm',
  target: '/v1/calls',
}

export async function answerOf(
  store: ConnectionStore,
  changes: Partial<LeaseAsk> = {},
): Promise<LeaseAnswer> {
  const given = store.acquire({ ...ASK, ...changes })
  return 'leave' in given ? given.answer : given
}

export async function leaseOf(store: ConnectionStore, changes: Partial<LeaseAsk> = {}): Promise<Lease> {
  const { lease, inUse } = await answerOf(store, changes)
  if (!lease) throw new Error(`refused with ${inUse} in use`)
  return lease
}

/** What a store was asked in this turn is on its way to Redis. */
export async function sent(): Promise<void> {
  await turnEnds()
}

/** Accounts whose counters live on different masters of a cluster of three. */
const BARRIERS = ['one', 'two', 'five'] as const

/**
 * Commands and wake-ups of one server arrive in the order in which they were sent: once a wake-up sent last has been heard, so has all that
 * was sent before it.
 */
export async function allHeard(store: ConnectionStore, oneServer = false): Promise<void> {
  await Promise.all(
    (oneServer ? BARRIERS.slice(0, 1) : BARRIERS).map(async (account) => {
      try {
        const held = await leaseOf(store, { account })
        const next = leaseOf(store, { account, waitMs: 5000 })
        // In the same turn it would find the room at once, and nobody would be woken.
        await sent()
        store.release(held)
        store.release(await next)
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause
        // It is closed: nothing comes any more.
        await passed(1)
      }
    }),
  )
}
