import { setTimeout as passed } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import {
  createGate,
  issueKey,
  memoryRegistry,
  type Admission,
  type Gate,
  type GateOptions,
  type MemoryRegistry,
  type WarningEvent,
} from '@api-terms/core'
import { redisConnections, type RedisClient } from '@api-terms/redis'

const { key, digest } = issueKey()
export const REQUEST = { method: 'GET', target: '/v1/calls', headers: { authorization: `Bearer ${key}` } }

/** A gate as each of several processes has one. */
export interface Side {
  readonly gate: Gate
  readonly registry: MemoryRegistry
  readonly warnings: WarningEvent[]
}

export function side(
  client: RedisClient,
  prefix: string,
  timeoutMs = 2000,
  more: Pick<GateOptions, 'misuse'> = {},
): Side {
  const registry = memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: [{ id: 'acme-crm', account: 'acme', credentials: [{ digest }] }],
  })
  const gate = createGate({
    api: 'telephony',
    terms: { url: 'https://provider.example/terms' },
    registry,
    limits: { read: 10_000 },
    connections: { store: redisConnections({ client, prefix, timeoutMs }) },
    ...more,
  })
  const warnings: WarningEvent[] = []
  gate.on('warning', (event) => warnings.push(event))
  onTestFinished(() => gate.close())
  return { gate, registry, warnings }
}

/** Gates that have heard of one another. */
export async function sides(
  client: RedisClient,
  prefix: string,
  count: number,
  timeoutMs?: number,
): Promise<Side[]> {
  const all = Array.from({ length: count }, () => side(client, prefix, timeoutMs))
  // Each joins with its first command; this one comes after it.
  await Promise.all(all.map((one) => open(one).then((admission) => admission.release())))
  await passed(20)
  return all
}

export async function open({ gate }: Side): Promise<Admission> {
  const outcome = await gate.admit(REQUEST)
  if (!outcome.admitted) throw new Error(outcome.reason)
  return outcome
}

/** The limit that holds for `read`. */
export async function limitOf(one: Side): Promise<number> {
  let limit = 0
  const heard = (event: { limit?: number }) => void (limit = event.limit ?? -1)
  one.gate.on('admitted', heard).on('refused', heard)
  const outcome = await one.gate.admit(REQUEST)
  if (outcome.admitted) outcome.release()
  one.gate.off('admitted', heard).off('refused', heard)
  return limit
}

export async function msUntil(happens: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await happens
  return performance.now() - began
}
