import { ABSENT_OR_DURATION, checkNamed, having, wholeNumber } from '../checked.js'
import type { LedgerSink } from './entry.js'
import type { Ledger, LedgerOptions } from './ledger.js'
import { LiveLedger } from './live-ledger.js'

/**
 * Makes a ledger. Nothing of it makes a request wait, and a sink that fails is warned of by the gates (`ledger-failed`); where it follows
 * none, by a warning of Node's, `API_TERMS_LEDGER`.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function createLedger(options: LedgerOptions): Ledger {
  checkNamed(options ?? {}, {
    sinks: [
      (value) => Array.isArray(value) && value.length > 0 && value.every(isSink),
      "a list of sinks, e.g. [fileLedger({ path: 'ledger.ndjson' })]",
    ],
    tellFirst: wholeNumber(0, 'decisions'),
    windowMs: ABSENT_OR_DURATION,
    maxQueued: wholeNumber(1, 'entries'),
    clock: having(['now'], 'an object with now()'),
  })
  return new LiveLedger(options)
}

function isSink(value: unknown): boolean {
  return typeof value === 'function' || typeof (value as LedgerSink | null)?.write === 'function'
}
