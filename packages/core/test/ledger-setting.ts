import { createLedger, type LedgerEntry, type LedgerOptions, type LedgerSink } from '@api-terms/core'
import { gateWith, twoAccounts } from './gate-setting.js'

type Sink = LedgerOptions['sinks'][number]

/** A gate whose decisions are kept in a list, or given to this sink. */
export function kept(options: Partial<LedgerOptions> & { sink?: Sink } = {}) {
  const setting = gateWith({ limits: { read: 1 } }, twoAccounts({ acme: { partner: 'resell' } }))
  const entries: LedgerEntry[] = []
  const { sink = (entry: LedgerEntry) => entries.push(entry), ...others } = options
  const ledger = createLedger({ sinks: [sink], clock: setting.clock, ...others })
  const stop = ledger.follow(setting.gate)
  const warnings = () => setting.told.filter(({ name }) => name === 'warning')
  return { ...setting, entries, ledger, stop, warnings }
}

/** A sink that takes nothing until it is let go on. */
export function stalling() {
  const got: LedgerEntry[] = []
  let go!: () => void
  const stalled = new Promise<void>((resolve) => (go = resolve))
  const sink: LedgerSink = { write: (entries) => stalled.then(() => void got.push(...entries)) }
  return { got, go, sink }
}

/** A sink that fails until it is told otherwise. */
export function failing() {
  const state = { got: [] as LedgerEntry[], fails: true }
  const sink: LedgerSink = {
    write: (entries) =>
      state.fails ? Promise.reject(new Error('no space')) : Promise.resolve(void state.got.push(...entries)),
  }
  return { state, sink }
}
