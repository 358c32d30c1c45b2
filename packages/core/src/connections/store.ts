import type { Pending } from '../pending.js'
import type { StoreWarning } from '../store-warning.js'
import type { Voice, VoiceListener } from '../voice.js'

/** What is counted together: the connections of one class that an account has open on an API. Nothing else names a counter. */
export interface CounterName {
  readonly api: string
  readonly account: string
  readonly class: string
}

/** Asks a store for one connection more. */
export interface LeaseAsk extends CounterName {
  /** How many may be open at once, as the gate knows it now. 0 blocks. The last limit told holds for whoever waits. */
  readonly limit: number
  /** How long to wait in line for a slot, in ms; 0: not at all. */
  readonly waitMs: number
  /** How many may stand in the line of this counter; who comes to a full line is answered at once. */
  readonly maxWaiting: number
  /** For listing what is open: never a secret. */
  readonly client: string
  readonly target: string
}

/** A store's record of one connection; what it holds is the store's own business. */
export type Lease = object

/** What a store answers: a slot, or that there is none. */
export interface LeaseAnswer {
  /** Absent: the limit is reached. */
  readonly lease: Lease | undefined
  /** How many are open on the counter, the new one included. */
  readonly inUse: number
  /** The limit that held, where it was not the one asked with: while the store is away a process has only its part. */
  readonly limit?: number
}

/** A slot was taken. */
export interface Granted extends LeaseAnswer {
  readonly lease: Lease
}

/**
 * How a shared store is. `suspected`: it has failed once, and it is being found out whether it was only that. While it is not
 * `available` it is asked for nothing.
 */
export type StoreState = 'available' | 'suspected' | 'unavailable'

/**
 * Where connections are counted. Taking a slot is one atomic step: at no moment are more leases alive than the limit that
 * they were asked with, whoever asks. A store rejects with a `StoreError` where it cannot tell.
 */
export interface ConnectionStore {
  /** Takes a slot if one is free and nobody stands in line before; else waits as asked. */
  acquire(ask: LeaseAsk): LeaseAnswer | Pending<LeaseAnswer>
  /** Gives a slot back. Giving back twice changes nothing. */
  release(lease: Lease): void
  /** Tells a changed limit, so that whoever waits under it goes on at once where there is room now. */
  setLimit(counter: CounterName, limit: number): void
  /**
   * Tells of leases that are over while they are held: the process was paused for longer than they last, or the store forgot them. Somebody
   * else may have their slots by now. Answers what ends the telling. Absent where it cannot happen.
   */
  onLost?(listener: (lease: Lease) => void): () => void
  /**
   * Tells each change of its state, at once. Where it does, it finds out by itself when it is back, and tells so only once everything that is held
   * is counted again. Absent: the gate finds out by asking, one request every 250 ms. Answers what ends the telling.
   */
  onState?(listener: (state: StoreState, cause?: unknown) => void): () => void
  /**
   * A connection was let in without the store: it is counted as soon as that can be done, above the limit if need be. Absent where it cannot be
   * counted later.
   */
  adopt?(ask: LeaseAsk): Lease
  /** How many processes counted here when it was last known. While the store is away each has its part of the limit. */
  readonly processes?: number
  /** Tells what the store cannot mend itself. Answers what ends the telling. */
  onWarning?(listener: (warning: StoreWarning) => void): () => void
  /**
   * Joins the gates of an API that share the store, under the name of this process. Absent where nothing carries what they say: then limits set,
   * connections ended and changes of the registry hold in this process alone.
   */
  voice?(api: string, process: string, listener: VoiceListener): Voice
  /** The store counts what this process holds, and no other: in a cluster each process would admit as many as the limit. */
  readonly oneProcess?: boolean
  /** Ends timers and connections of the store's own; who waits is answered that the limit is reached. */
  close(): Promise<void>
}
