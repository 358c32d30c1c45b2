import type { LedgerEntry, LedgerSink } from '@api-terms/core'
import type { RedisClient, SendCommand } from './client.js'
import { checkRecordOptions } from './record-options.js'
import { withinTime } from './timed.js'

/** Options of `redisLedger`. */
export interface RedisLedgerOptions {
  /** A connected client of `redis` or `ioredis`, a cluster of either, or a function that sends a command. */
  client: RedisClient
  /** The name of the stream. Default `api-terms:ledger`. */
  stream?: string
  /** So many entries are kept, and a few more: Redis drops the oldest ones in whole blocks. Default 100 000. */
  maxLength?: number
  /** How long a command may take, in ms. Default 1000. */
  timeoutMs?: number
}

/**
 * A sink of the ledger: each entry is one of a Redis Stream, under `entry` as JSON, with `what`, `account` and `reason` beside it.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisLedger(options: RedisLedgerOptions): LedgerSink {
  const { connected, named, timeoutMs } = checkRecordOptions(options, 'stream', 'api-terms:ledger', [
    'maxLength',
  ])
  const { maxLength = 100_000 } = options
  return {
    /** One after the other, all on their way at once: a connection keeps the order. */
    async write(entries) {
      await withinTime(
        timeoutMs,
        Promise.all(entries.map((entry) => append(connected.send, named, maxLength, entry))),
      )
    },
  }
}

function append(send: SendCommand, stream: string, maxLength: number, entry: LedgerEntry): Promise<unknown> {
  const { what, account = '', reason = '' } = entry
  const fields = ['what', what, 'account', account, 'reason', reason, 'entry', JSON.stringify(entry)]
  return send(['XADD', stream, 'MAXLEN', '~', String(maxLength), '*', ...fields], stream)
}
