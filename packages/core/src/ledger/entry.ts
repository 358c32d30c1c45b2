/**
 * A decision worth keeping, or, where `count` is more than 1, so many of one kind. Never a key, a query value or a body. Dates are
 * written as ISO 8601, so that an entry is one line of JSON.
 */
export interface LedgerEntry {
  /**
   * Unique: an entry that was written twice, since a sink failed half-way, has the same. It is the name of the ledger and, behind a slash, a
   * number in base 36 that counts up.
   */
  readonly id: string
  readonly at: Date
  /** The process that decided: host, number and a random part. */
  readonly process: string
  /** `dropped`: so many decisions could not be written here. */
  readonly what: 'refused' | 'ended' | 'warning' | 'operation' | 'misuse' | 'dropped'
  /** How many decisions it stands for. The sum over all entries is exact. */
  readonly count: number
  /** Of a summary: when it begins; it ends with `at`. */
  readonly since?: Date
  /** Of a summary: it stands for accounts of which there were too many to be told apart. */
  readonly others?: true
  readonly api?: string
  /** What the reason rests on, under the Terms of the gate; of an operation, under the model Terms: one clause, or several with a comma between. */
  readonly clause?: string
  /** A reason of refusal, why a connection was ended, the code of a warning, the kind of an operation, or the sign of misuse. */
  readonly reason?: string
  readonly account?: string
  readonly client?: string
  readonly credential?: string
  readonly hint?: string
  readonly partner?: string
  readonly class?: string
  readonly connection?: string
  readonly method?: string
  readonly path?: string
  readonly status?: number
  /** Of a refusal: as in its problem document. */
  readonly instance?: string
  /** Of a refusal: `false` in `observe` mode. Of a sign of misuse: whether it is refused, which it is not in `observe` mode either. */
  readonly enforced?: boolean
  readonly message?: string
  /** Of an operation: who did it. */
  readonly by?: string
}

/** What the ledger adds to a decision by itself. */
export type Decision = Omit<LedgerEntry, 'id' | 'at' | 'process' | 'count'>

/** Where entries go. */
export interface LedgerSink {
  /** Takes entries, in the order of their ids. Rejects where it may not have taken them all: they come again, with the same ids. */
  write(entries: readonly LedgerEntry[]): Promise<void>
  /** Takes what is to be told of something that failed, though no entry was lost by it. Called once, before the first entry. */
  onWarning?(listener: (message: string, cause: unknown) => void): void
  /** Called once, after the last entry. */
  close?(): Promise<void>
}

/** Entries as lines of JSON. */
export function linesOf(entries: readonly LedgerEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}
