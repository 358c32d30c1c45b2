import type { Reason, UsageBatch, UsageFilter, UsageRow, UsageStore } from '@api-terms/core'
import type { RedisClient, SendCommand } from './client.js'
import { keysUnder, type UsageKeys } from './keys.js'
import { checkRecordOptions } from './record-options.js'
import { ScriptRunner } from './script-runner.js'
import { withinTime } from './timed.js'
import { ADD_USAGE } from './usage-scripts.js'

/** Options of `redisUsage`. */
export interface RedisUsageOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /** What every name in Redis begins with. The same in every process that counts together. Default `api-terms:`. */
  prefix?: string
  /** How many days usage is kept since it was last added to. Default 400. */
  days?: number
  /** How long a command may take, in ms. Default 1000. */
  timeoutMs?: number
}

const DAY_MS = 86_400_000
const DAY_S = 86_400
/** How many accounts are written or read at once. */
const LANES = 32

/**
 * Keeps usage in Redis or Valkey, together with every other process that uses the same `prefix` there.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisUsage(options: RedisUsageOptions): UsageStore {
  const { connected, named, timeoutMs } = checkRecordOptions(options, 'prefix', 'api-terms:', ['days'])
  return new RedisUsage(connected.send, keysUnder(named).usage, options.days ?? 400, timeoutMs)
}

/** What an account used on a day. */
type Sheet = Pick<UsageRow, 'api' | 'account' | 'day'>

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

  /** Sheet by sheet, each in one step: where one fails the whole batch comes again, and the others know that they have had it. */
  async add({ process, serial, rows }: UsageBatch): Promise<void> {
    const sheets = groupedBy(rows, ({ api, account, day }) => JSON.stringify([api, account, day]))
    // Named first: what is counted is never missing from the lists.
    await this.#name(rows)
    await inLanes([...sheets.values()], async (sheet) => {
      const { counts, added } = this.#keysOf(sheet[0]!)
      const amounts = sheet.flatMap((row) => amountsOf(row))
      const args = [String(serial), String(this.days * DAY_S), ...amounts.map(String)]
      await this.#runner.run(ADD_USAGE, [counts, added(process)], args)
    })
  }

  async read({ api, account, from, to }: UsageFilter): Promise<UsageRow[]> {
    const apis = api === undefined ? await this.#members(this.keys.apis) : [api]
    const rows: UsageRow[] = []
    const read = async (sheet: Sheet) => {
      const reply = await this.#ask(['HGETALL', this.#keysOf(sheet).counts])
      rows.push(...rowsOf(sheet, pairsOf(reply)))
    }
    for (const each of apis) {
      for (const day of daysFrom(from, to, this.days)) {
        // oxlint-disable-next-line no-await-in-loop -- a day at a time: a year of all accounts at once would be a flood
        const accounts =
          account === undefined ? await this.#members(this.keys.accounts(each, day)) : [account]
        // oxlint-disable-next-line no-await-in-loop -- as above
        await inLanes(accounts, (name) => read({ api: each, account: name, day }))
      }
    }
    return rows
  }

  async #name(rows: readonly UsageRow[]): Promise<void> {
    await this.#ask(['SADD', this.keys.apis, ...new Set(rows.map(({ api }) => api))])
    for (const those of groupedBy(rows, ({ api, day }) => JSON.stringify([api, day])).values()) {
      const { api, day } = those[0]!
      const key = this.keys.accounts(api, day)
      // oxlint-disable-next-line no-await-in-loop -- of one day, but around midnight
      await this.#ask(['SADD', key, ...new Set(those.map(({ account }) => account))])
      // oxlint-disable-next-line no-await-in-loop -- as above
      await this.#ask(['EXPIRE', key, String(this.days * DAY_S)])
    }
  }

  #keysOf({ api, account, day }: Sheet): ReturnType<UsageKeys['account']> {
    return this.keys.account(api, account, day)
  }

  async #members(key: string): Promise<string[]> {
    return ((await this.#ask(['SMEMBERS', key])) as unknown[]).map(String)
  }

  #ask(command: [name: string, key: string, ...args: string[]]): Promise<unknown> {
    return withinTime(this.timeoutMs, this.send(command, command[1]))
  }
}

function amountsOf(row: UsageRow): (string | number)[] {
  const { class: className, connections, heldMs, bytesIn, bytesOut, peak, refusals } = row
  const counts = { connections, heldMs, bytesIn, bytesOut, peak }
  const refused = Object.entries(refusals).map(([reason, count]) => [`refused:${reason}`, count] as const)
  return [...Object.entries(counts), ...refused]
    .filter(([, amount]) => amount > 0)
    .flatMap(([name, amount]) => [`${className}|${name}`, amount])
}

function rowsOf(sheet: Sheet, pairs: readonly (readonly [string, string])[]): UsageRow[] {
  const rows = new Map<string, Counts>()
  for (const [field, text] of pairs) {
    // The name of a class may hold a bar; that of a count does not.
    const bar = field.lastIndexOf('|')
    const className = field.slice(0, bar)
    const name = field.slice(bar + 1)
    let row = rows.get(className)
    if (!row) rows.set(className, (row = { ...NOTHING, refusals: {} }))
    if (name.startsWith('refused:')) row.refusals[name.slice('refused:'.length) as Reason] = Number(text)
    else row[name as keyof typeof NOTHING] = Number(text)
  }
  return [...rows].map(([className, counts]) => ({ ...sheet, class: className, ...counts }))
}

const NOTHING = { connections: 0, heldMs: 0, bytesIn: 0, bytesOut: 0, peak: 0 }
type Counts = typeof NOTHING & { refusals: Partial<Record<Reason, number>> }

/** A list in RESP2; an object, or a map, from clients of RESP3. */
function pairsOf(reply: unknown): [string, string][] {
  if (!Array.isArray(reply)) {
    const entries = reply instanceof Map ? [...reply] : Object.entries(reply as object)
    return entries.map(([field, value]) => [String(field), String(value)])
  }
  const words = reply.map(String)
  return words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1]!] as [string, string]] : []))
}

/** The last so many days of those asked for: nothing is kept for longer. */
function daysFrom(from: string, to: string, most: number): string[] {
  const last = Date.parse(to)
  const first = Math.max(Date.parse(from), last - most * DAY_MS, Date.now() - (most + 1) * DAY_MS)
  const days: string[] = []
  for (let day = last; day > first - DAY_MS; day -= DAY_MS)
    days.push(new Date(day).toISOString().slice(0, 10))
  return days.filter((day) => day >= from)
}

function groupedBy<T>(list: readonly T[], nameOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const each of list) {
    const name = nameOf(each)
    const group = groups.get(name)
    if (group) group.push(each)
    else groups.set(name, [each])
  }
  return groups
}

async function inLanes<T>(list: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = list.values()
  const lane = async () => {
    // oxlint-disable-next-line no-await-in-loop -- what is sent at once is bounded by the lanes
    for (const each of left) await work(each)
  }
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane))
}
