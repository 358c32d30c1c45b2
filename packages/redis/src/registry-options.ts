import { OptionsError, type Clock, type OptionIssue } from '@api-terms/core'
import { connected, type Connected, type RedisClient } from './client.js'

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
/** Longer timers fire at once in Node: the delay is a signed integer of 32 bits. */
const LONGEST_MS = 2_147_483_647

/** @throws OptionsError listing everything that is wrong. */
export function checkRegistryOptions(options: RedisRegistryOptions): CheckedRegistryOptions {
  const { prefix = 'api-terms:', timeoutMs = 1000, onWarning = () => {}, clock } = options ?? {}
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
  mustBe(
    'timeoutMs',
    Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_MS,
    'a whole number of milliseconds, 1 or more',
  )
  mustBe('onWarning', typeof onWarning === 'function', 'a function')
  mustBe('clock', clock === undefined || typeof clock?.now === 'function', 'an object with now()')
  for (const path of Object.keys(options ?? {}))
    if (!KNOWN.includes(path))
      issues.push({ path, message: `is not an option; there are ${KNOWN.join(', ')}` })
  if (issues.length > 0 || !client) throw new OptionsError(issues)
  return { client, prefix, timeoutMs, clock: clock ? { clock } : {}, warn: warningTo(onWarning) }
}

/** A listener that throws must not stop what it is told of. */
function warningTo(onWarning: (warning: RedisRegistryWarning) => void): CheckedRegistryOptions['warn'] {
  return (code, message, cause) => {
    try {
      onWarning({ code, message, cause })
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown), 'ApiTermsWarning')
    }
  }
}
