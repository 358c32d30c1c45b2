import type { Reason, UsageBatch, UsageFilter, UsageRow, UsageStore } from '@api-terms/core'
import { StoreError } from '@api-terms/core'
import type { RedisClient, SendCommand } from './client.js'
import { checkRecordOptions } from './record-options.js'
import { ScriptRunner } from './script-runner.js'
import { withinTime } from './timed.js'
import { usageKeys, type UsageKeys } from './usage-keys.js'
import { ADD_USAGE } from './usage-scripts.js'

/** Options of `redisUsage`. */
export interface RedisUsageOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /** What every name in Redis begins with. The same in every process that counts together. Default `api-terms:`. */
  prefix?: string
  /** How many days usage is kept after its day. Default 400. */
  days?: number
  /** How long a command may take, in ms. Default 1000. */
  timeoutMs?: number
}

const DAY_MS = 86_400_000
/** How many accounts are written or read at once. */
const LANES = 32
/** More would be asked for day by day, and in vain: nothing is kept for so long. */
const MOST_DAYS = 4000

/**
 * Keeps usage in Redis or Valkey, together with every other process that uses the same `prefix` there.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisUsage(options: RedisUsageOptions): UsageStore {
  const { connected, named, timeoutMs } = checkRecordOptions(options, 'prefix', 'api-terms:', ['days'])
  return new RedisUsage(connected.send, usageKeys(named), options.days ?? 400, timeoutMs)
}

class RedisUsage implements UsageStore {
  readonly #runner: ScriptRunner

  constructor(
    private readonly send: SendCommand,
    private readonly keys: UsageKeys,
    private readonly days: number,
    private readonly timeoutMs: number,
  ) {
    this.#runner = new ScriptRunner(send, timeoutMs)
  }

  /** Account by account, each in one step: where one of them fails the whole batch comes again, and those who have theirs leave it. */
  async add({ process, serial, rows }: UsageBatch): Promise<void> {
    const lists = Map.groupBy ? Map.groupBy(rows, listOf) : grouped(rows)
    // Named first: what is counted is never without a name in the list.
    for (const [, [first]] of firstOfEachDay(lists)) await this.#name(first!, lists)
    await inLanes([...lists.values()], (list) => this.#addList(process, serial, list))
  }

  async read({ api, account, from, to }: UsageFilter): Promise<UsageRow[]> {
    const rows: UsageRow[] = []
    for (const day of daysFrom(from, to)) {
      // oxlint-disable-next-line no-await-in-loop -- a day at a time: a year of all accounts at once would be a flood
      const lists = await this.#listsOf(day, api, account)
      // oxlint-disable-next-line no-await-in-loop -- as above
      await inLanes(lists, async (list) => void rows.push(...(await this.#readList(day, list))))
    }
    return rows
  }
}
