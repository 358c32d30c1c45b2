import type { StoreWarning } from '@api-terms/core'
import type { Connected, RedisClient } from './client.js'
import { isDuration, OptionCheck, sparing } from './option-check.js'

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
  const check = new OptionCheck(options)
  check.mustBe('prefix', typeof prefix === 'string', 'a string')
  check.mustBeDuration('timeoutMs', timeoutMs)
  check.mustBe(
    'leaseMs',
    isDuration(leaseMs) && leaseMs >= 4 * timeoutMs,
    'a whole number of milliseconds, at least four times timeoutMs, so that it can be renewed in time',
  )
  check.mustBe('whenLeaseLost', ['readmit', 'end'].includes(whenLeaseLost), "'readmit' or 'end'")
  check.mustBe('onWarning', typeof onWarning === 'function', 'a function')
  const client = check.clientOf(KNOWN)
  return { client, prefix, leaseMs, timeoutMs, whenLeaseLost, warn: sparing(onWarning) }
}
