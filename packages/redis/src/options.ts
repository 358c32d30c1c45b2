import { OptionsError, type OptionIssue, type StoreWarning } from '@api-terms/core'
import { connected, type Connected, type RedisClient } from './client.js'

/** Something that the store cannot mend itself. The `warning` events of a gate tell the same. */
export type RedisWarning = StoreWarning

/** Options of `redisConnections`. */
export interface RedisConnectionsOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /** What every name in Redis begins with. The same in every process that counts together. Default `api-terms:`. */
  prefix?: string
  /**
   * How long a lease outlives its last renewal, in ms: after so long the connections of a process that died are free. Renewed three
   * times as often. Default 15 000; at least four times `timeoutMs`.
   */
  leaseMs?: number
  /** How long a command may take, in ms, whatever the client's own queue does. Default 250. */
  timeoutMs?: number
  /**
   * What becomes of a connection whose lease expired because this process was paused, stopped or asleep: others may have had its slot since.
   * `readmit` (default): it goes on where a slot is free, taken in one step, else it is ended. `end`: it is ended.
   */
  whenLeaseLost?: 'readmit' | 'end'
  /** Told what the store cannot mend itself, for whoever uses the store without a gate. */
  onWarning?: (warning: RedisWarning) => void
}

export interface CheckedOptions {
  readonly client: Connected
  readonly prefix: string
  readonly leaseMs: number
  readonly timeoutMs: number
  readonly whenLeaseLost: 'readmit' | 'end'
  warn(warning: RedisWarning): void
}

const KNOWN = ['client', 'prefix', 'leaseMs', 'timeoutMs', 'whenLeaseLost', 'onWarning']

/** @throws OptionsError listing everything that is wrong. */
export function checkOptions(options: RedisConnectionsOptions): CheckedOptions {
  const {
    prefix = 'api-terms:',
    leaseMs = 15_000,
    timeoutMs = 250,
    whenLeaseLost = 'readmit',
    onWarning = () => {},
  } = options ?? {}
  const issues: OptionIssue[] = []
  const mustBe = (path: string, holds: boolean, message: string) => {
    if (!holds) issues.push({ path, message: `must be ${message}` })
  }
  const client = connected(options?.client)
  mustBe(
    'client',
    client !== undefined,
    'a client of redis or ioredis, a cluster of either, or a function that sends a command',
  )
  mustBe('prefix', typeof prefix === 'string', 'a string')
  mustBe('timeoutMs', isDuration(timeoutMs), 'a whole number of milliseconds, 1 or more')
  mustBe(
    'leaseMs',
    isDuration(leaseMs) && leaseMs >= 4 * timeoutMs,
    'a whole number of milliseconds, at least four times timeoutMs, so that it can be renewed in time',
  )
  mustBe('whenLeaseLost', ['readmit', 'end'].includes(whenLeaseLost), "'readmit' or 'end'")
  mustBe('onWarning', typeof onWarning === 'function', 'a function')
  for (const path of Object.keys(options ?? {}))
    if (!KNOWN.includes(path))
      issues.push({ path, message: `is not an option; there are ${KNOWN.join(', ')}` })
  if (issues.length > 0 || !client) throw new OptionsError(issues)
  return { client, prefix, leaseMs, timeoutMs, whenLeaseLost, warn: warningTo(onWarning) }
}

/** A listener that throws must not stop what it is told of. */
function warningTo(onWarning: (warning: RedisWarning) => void): CheckedOptions['warn'] {
  return (warning) => {
    try {
      onWarning(warning)
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown), 'ApiTermsWarning')
    }
  }
}

/** Longer timers fire at once in Node: the delay is a signed integer of 32 bits. */
function isDuration(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 2_147_483_647
}
