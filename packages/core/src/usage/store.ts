import type { Reason } from '../refusal.js'

/** What an account used of an API, in one class, on one day. */
export interface UsageRow {
  readonly api: string
  /** Empty for refusals where no account was known. */
  readonly account: string
  /** Empty for refusals where no class was known, or no limit of it. */
  readonly class: string
  /** Of UTC: `2026-01-31`. */
  readonly day: string
  /** Connections that were opened. */
  readonly connections: number
  /** How many requests were refused, by reason; those that `observe` mode let by included. */
  readonly refusals: Readonly<Partial<Record<Reason, number>>>
  /** How long connections were held that day, in ms, all together. */
  readonly heldMs: number
  /** What callers sent, and what was sent to them, in bytes. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** The most that were open at once, as far as one process was told: by a shared store, over all of them. */
  readonly peak: number
}

/** What was used since the batch before. */
export interface UsageBatch {
  /** The process that counted. */
  readonly process: string
  /** Counts up with each batch of a process. A batch that was sent again, since it was not known to have arrived, has the same. */
  readonly serial: number
  readonly rows: readonly UsageRow[]
}

/** Which rows are meant: all that agree with every member given. */
export interface UsageFilter {
  readonly api?: string
  readonly account?: string
  /** The first and the last day meant, of UTC: `2026-01-31`. */
  readonly from: string
  readonly to: string
}

/** Keeps usage. Several processes may share one. */
export interface UsageStore {
  /** Adds a batch: whole, and once, however often it is sent. Rejects where it may not have been added. `peak` is not a sum: the larger one stays. */
  add(batch: UsageBatch): Promise<void>
  /** In no particular order. */
  read(filter: UsageFilter): Promise<UsageRow[]>
}
