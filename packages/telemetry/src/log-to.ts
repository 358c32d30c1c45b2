import { createLedger, OptionsError, type Followable, type LedgerEntry } from '@api-terms/core'

/** A logger like `pino`: first the facts, then the message. */
export interface PinoLike {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/**
 * Logs what the ledger would keep, in the way of `pino`: an object of facts, and a message. Refusals and ended connections are told with
 * `info`, warnings with `warn`. A flood is summed up as in the ledger, so that a caller who is refused a thousand times a second fills no disk.
 *
 * @returns what ends it, when what waits has been logged.
 * @throws OptionsError where it is no logger.
 */
export function logTo(gate: Followable, logger: PinoLike): () => Promise<void> {
  const missing = (['info', 'warn', 'error'] as const).filter(
    (level) => typeof logger?.[level] !== 'function',
  )
  if (missing.length > 0)
    throw new OptionsError([
      { path: 'logger', message: `must be a logger like pino; it has no ${missing.join(', ')}` },
    ])
  const ledger = createLedger({ sinks: [(entry) => log(logger, entry)] })
  ledger.follow(gate)
  return () => ledger.close()
}

const LEVELS = {
  refused: 'info',
  ended: 'info',
  operation: 'info',
  misuse: 'warn',
  warning: 'warn',
  dropped: 'error',
} as const

function log(logger: PinoLike, entry: LedgerEntry): void {
  const { what, reason, count, message } = entry
  const times = count > 1 ? ` (${count} times)` : ''
  const about = message ?? [what, reason].filter(Boolean).join(': ')
  logger[LEVELS[what]](entry, `${about}${times}`)
}
