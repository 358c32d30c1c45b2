import { createClient } from 'redis'
import type { TestContext } from 'vitest'
import {
  createGate,
  issueKey,
  memoryRegistry,
  type Admission,
  type ConnectionsOptions,
  type Gate,
  type OutageEvent,
  type ReleasedEvent,
  type WarningEvent,
} from '@api-terms/core'
import { redisConnections, type RedisClient, type RedisConnectionsOptions } from '@api-terms/redis'

const { key, digest } = issueKey()
const REQUEST = { method: 'GET', target: '/v1/calls', headers: { authorization: `Bearer ${key}` } }

/** A command may take so long: longer than by default, since a busy machine is no outage. */
export const TIMEOUT_MS = 500
/** How much later than it should something may be on a busy machine. */
export const SLACK_MS = 400

export interface GateSetting {
  readonly gate: Gate
  readonly outages: OutageEvent[]
  readonly warnings: WarningEvent[]
  readonly released: ReleasedEvent[]
  /** How long the slowest request has waited, in ms. */
  readonly slowest: number
  /** `undefined` where it was refused. */
  get(): Promise<Admission | undefined>
  /** How many of so many, one after the other, are let in and stay. */
  fill(count: number): Promise<Admission[]>
}

export interface GateChanges {
  read?: number
  connections?: Partial<ConnectionsOptions>
  store?: Partial<RedisConnectionsOptions>
}

export function gateOver(
  context: TestContext,
  client: RedisClient,
  prefix: string,
  options: GateChanges = {},
): GateSetting {
  const store = redisConnections({ client, prefix, timeoutMs: TIMEOUT_MS, ...options.store })
  const registry = memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
  })
  const gate = createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms' },
    registry,
    limits: { read: options.read ?? 4 },
    connections: { store, ...options.connections },
  })
  context.onTestFinished(() => gate.close())
  const [outages, warnings, released]: [OutageEvent[], WarningEvent[], ReleasedEvent[]] = [[], [], []]
  gate.on('outage', (event) => outages.push(event))
  gate.on('warning', (event) => warnings.push(event))
  gate.on('released', (event) => released.push(event))
  const setting = {
    gate,
    outages,
    warnings,
    released,
    slowest: 0,
    async get() {
      const began = performance.now()
      const outcome = await gate.admit(REQUEST)
      setting.slowest = Math.max(setting.slowest, performance.now() - began)
      return outcome.admitted ? outcome : undefined
    },
    async fill(count: number) {
      const admitted: Admission[] = []
      for (let i = 0; i < count; i++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const admission = await setting.get()
        if (admission) admitted.push(admission)
      }
      return admitted
    },
  }
  return setting
}

/** A client that looks for its server again soon, as the README advises. */
export async function clientAt(context: TestContext, port: number) {
  const client = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: () => 100 } })
  client.on('error', () => {})
  await client.connect()
  context.onTestFinished(() => client.destroy())
  return client
}
