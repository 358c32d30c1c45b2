import { setTimeout as passed } from 'node:timers/promises'
import { StoreError, type LedgerEntry, type LedgerSink } from '@api-terms/core'
import type { RedisClient, SendCommand } from './client.js'
import { ledgerKeysOf, type LedgerKeys } from './keys.js'
import { APPEND_ENTRIES } from './ledger-script.js'
import { checkRecordOptions } from './record-options.js'
import { ScriptRunner } from './script-runner.js'

/** Options of `redisLedger`. */
export interface RedisLedgerOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /**
   * The name of the stream. Default `api-terms:ledger`. In a cluster: without braces, unless they are a hash tag; a tag it has to be where the client
   * puts a prefix of its own before each key.
   */
  stream?: string
  /** So many entries are kept, and a few more: Redis drops the oldest ones in whole blocks. Default 100 000. */
  maxLength?: number
  /** How long a command may take, in ms. Default 1000. */
  timeoutMs?: number
}

/** How often it is looked whether Redis has answered what was sent before, in ms. */
const LOOK_MS = 20
/** Why Redis may refuse a key beside the stream: in a cluster it lies elsewhere, or the user may not use it. */
const REFUSED_KEY = /^(?:CROSSSLOT|NOPERM)/
const UNREMEMBERED =
  'what comes again may be in the ledger twice: give the stream a hash tag, as in {name}, or its user the access that the README of @api-terms/redis lists for it'
/** After so many times `timeoutMs` without an answer something more is sent: a connection that has died in silence never answers. */
const LOST_AFTER = 10

/**
 * A sink of the ledger: each entry is one of a Redis Stream, under `entry` as JSON, with `what`, `account` and `reason` beside it. None is there
 * twice, however often it had to be sent.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisLedger(options: RedisLedgerOptions): LedgerSink {
  const { connected, named, timeoutMs } = checkRecordOptions(options, 'stream', 'api-terms:ledger', [
    'maxLength',
  ])
  return new RedisLedger(connected.send, ledgerKeysOf(named), options.maxLength ?? 100_000, timeoutMs)
}

class RedisLedger implements LedgerSink {
  readonly #runner: ScriptRunner
  /** The last write: several ledgers may share a sink. */
  #before: Promise<unknown> = Promise.resolve()
  #sentAt = -Infinity
  /** So many of the commands without an answer were sent before one that was answered: nobody waits for those. */
  #lost = 0
  #warn: (message: string, cause: unknown) => void = () => {}
  #hasWarned = false

  constructor(
    send: SendCommand,
    private readonly keys: LedgerKeys,
    private readonly maxLength: number,
    private readonly timeoutMs: number,
  ) {
    this.#runner = new ScriptRunner(send, timeoutMs)
  }

  onWarning(listener: (message: string, cause: unknown) => void): void {
    this.#warn = listener
  }

  write(entries: readonly LedgerEntry[]): Promise<void> {
    const written = this.#before.then(() => this.#write(entries))
    this.#before = written.catch(() => undefined)
    return written
  }

  async #write(entries: readonly LedgerEntry[]): Promise<void> {
    await this.#answered()
    for (const [ledger, its] of byLedger(entries.map(numbered))) {
      const args = [String(this.maxLength), ...its.flatMap(wordsOf)]
      // oxlint-disable-next-line no-await-in-loop -- one ledger, but where somebody else writes
      await this.#append(this.keys.appended(ledger), args)
    }
  }

  /** A stream that was written before its entries were remembered is not to end with that. */
  async #append(appended: string, args: readonly string[]): Promise<void> {
    const { stream } = this.keys
    try {
      await this.#run([stream, appended], args)
    } catch (error) {
      const { cause } = error as StoreError
      if (!(cause instanceof Error) || !REFUSED_KEY.test(cause.message)) throw error
      await this.#run([stream], args)
      this.#warnOnce(cause)
    }
  }

  async #run(keys: readonly string[], args: readonly string[]): Promise<void> {
    this.#sentAt = performance.now()
    await this.#runner.run(APPEND_ENTRIES, keys, args)
    this.#lost = this.#runner.unanswered
  }

  #warnOnce(cause: Error): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#warn(UNREMEMBERED, cause)
  }

  /** A client may keep what was sent for as long as Redis is away: what comes again each second would be piled upon it. */
  async #answered(): Promise<void> {
    const until = performance.now() + this.timeoutMs
    while (this.#isWaiting()) {
      if (performance.now() >= until)
        throw new StoreError(`Redis took longer than ${this.timeoutMs} ms for what was sent before`)
      // oxlint-disable-next-line no-await-in-loop -- until they have been answered, or for so long
      await passed(LOOK_MS, undefined, { ref: false })
    }
  }

  /** Each time for twice as long: an outage of a day leaves a few commands in the client, and not one for each batch. */
  #isWaiting(): boolean {
    this.#lost = Math.min(this.#lost, this.#runner.unanswered)
    const waitedFor = this.#runner.unanswered - this.#lost
    const waitMs = this.timeoutMs * LOST_AFTER * 2 ** (waitedFor - 1)
    return waitedFor > 0 && performance.now() - this.#sentAt < waitMs
  }
}

/** An entry, with its place among those of its ledger. */
interface Numbered {
  readonly entry: LedgerEntry
  readonly ledger: string
  /** Empty where its id tells none. */
  readonly serial: string
}

/** The ledger names itself in an id, and counts up behind. */
function numbered(entry: LedgerEntry): Numbered {
  const [, ledger = '', digits] = /^(.+)\/([\da-z]{1,10})$/.exec(entry.id) ?? []
  return { entry, ledger, serial: digits === undefined ? '' : String(Number.parseInt(digits, 36)) }
}

function byLedger(all: readonly Numbered[]): Map<string, Numbered[]> {
  const ledgers = new Map<string, Numbered[]>()
  for (const each of all) {
    const its = ledgers.get(each.ledger)
    if (its) its.push(each)
    else ledgers.set(each.ledger, [each])
  }
  return ledgers
}

function wordsOf({ entry, serial }: Numbered): string[] {
  const { what, account = '', reason = '' } = entry
  return [serial, what, account, reason, JSON.stringify(entry)]
}
