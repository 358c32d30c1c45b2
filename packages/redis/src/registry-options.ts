import type { Clock } from '@api-terms/core'
import type { Connected, RedisClient } from './client.js'
import { OptionCheck, sparing } from './option-check.js'

/** Something that the registry cannot mend itself. It goes on trying. */
export interface RedisRegistryWarning {
  /**
   * `changes-unheard`: operations of other processes are not heard of, and what the gate believes may be out of date, for as long as it
   * believes it. `subscription-failed`: they are looked for every 250 ms, not heard of at once.
   */
  readonly code: 'changes-unheard' | 'subscription-failed'
  readonly message: string
  readonly cause: unknown
}

/** Options of `redisRegistry`. */
export interface RedisRegistryOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /** What every name in Redis begins with. The same in every process that shares the registry. Default `api-terms:`. */
  prefix?: string
  /** How long a command may take, in ms, whatever the client's own queue does. Default 1000. */
  timeoutMs?: number
  /** Told what the registry cannot mend itself: once as it begins. */
  onWarning?: (warning: RedisRegistryWarning) => void
  /** Whose time operations are done at. The system's by default. */
  clock?: Clock
}

export interface CheckedRegistryOptions {
  readonly client: Connected
  readonly prefix: string
  readonly timeoutMs: number
  readonly clock: { readonly clock?: Clock }
  warn(code: RedisRegistryWarning['code'], message: string, cause: unknown): void
}

const KNOWN = ['client', 'prefix', 'timeoutMs', 'onWarning', 'clock']

/** @throws OptionsError listing everything that is wrong. */
export function checkRegistryOptions(options: RedisRegistryOptions): CheckedRegistryOptions {
  const { prefix = 'api-terms:', timeoutMs = 1000, onWarning = () => {}, clock } = options ?? {}
  const check = new OptionCheck(options)
  check.mustBe('prefix', typeof prefix === 'string', 'a string')
  check.mustBeDuration('timeoutMs', timeoutMs)
  check.mustBe('onWarning', typeof onWarning === 'function', 'a function')
  check.mustBe('clock', clock === undefined || typeof clock?.now === 'function', 'an object with now()')
  const client = check.clientOf(KNOWN)
  const warn = sparing(onWarning)
  return {
    client,
    prefix,
    timeoutMs,
    clock: clock ? { clock } : {},
    warn: (code, message, cause) => warn({ code, message, cause }),
  }
}
