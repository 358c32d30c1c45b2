import type { Clock } from '../clock.js'
import type { Followable } from '../followers.js'
import type { LedgerEntry, LedgerSink } from './entry.js'
import type { Operations } from './operations.js'

/** Options of `createLedger`. */
export interface LedgerOptions {
  /**
   * Where entries go: to each of them. A function is called with one entry at a time, and each second with one at which it throws, until it
   * has thrown 60 times at it: then that one is dropped, and counted. Where it may throw for longer, give an object with `write`: it loses
   * none while there is room for those that wait.
   */
  sinks: readonly (LedgerSink | ((entry: LedgerEntry) => unknown))[]
  /** So many decisions of a kind (what, API, account and reason) are told one by one within `windowMs`, and the others summed up. Default 20. */
  tellFirst?: number
  /** How long that window is, in ms. Default 10 000. */
  windowMs?: number
  /** So many entries may wait for a sink that is slow or fails; more are dropped, counted, and warned of. Default 10 000. */
  maxQueued?: number
  /** For tests. Default: the system's. */
  clock?: Clock
}

/** Keeps a record of every decision that may have to be shown later (clauses 3(a), 4(a)). */
export interface Ledger {
  /**
   * Keeps what this gate refuses, ends and warns of, from now on. Any number of gates, each of them once, however often it is given; none
   * once the ledger is closed. Returns what ends it.
   */
  follow(gate: Followable): () => void
  /** Keeps the operations of a registry, from now on, in the same way. Returns what ends it. */
  followOperations(registry: Operations): () => void
  /** How many decisions were dropped, with all that summaries stand for, over all sinks, since the ledger was made. */
  readonly dropped: number
  /** Resolves when every sink has been given what was decided up to now, or has failed to take it. Never rejects. */
  flush(): Promise<void>
  /** Keeps nothing more, writes what waits, for 5 seconds at most, and closes the sinks. Never rejects. Any number of times. */
  close(): Promise<void>
}
