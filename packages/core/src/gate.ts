import type { ConnectionFilter } from './connections/index.js'
import type { GateEventName, GateListener, WarningEvent } from './events.js'
import type { Pending } from './pending.js'
import type { Limits } from './registry.js'
import type { GateRequest, RequestParts } from './request.js'
import type { Outcome } from './visit.js'

/** Options of {@link Gate.admit}. */
export interface AdmitOptions {
  /** Aborted when the caller hangs up: whoever waits leaves at once, and nothing is held. */
  signal?: AbortSignal
}

/** A connection as `gate.connections()` lists it. */
export interface ConnectionView {
  readonly id: string
  readonly account: string
  readonly client: string
  readonly class: string
  readonly since: Date
  /** The path of the request, without its query. */
  readonly target: string
}

/** How the gate is, as {@link Gate.health} tells it. */
export interface GateHealth {
  /** `unavailable`: there is an outage, and `connections.whenStoreFails` decides. The memory of a process is always `available`. */
  readonly store: 'available' | 'unavailable'
  /** Since when it is so. */
  readonly since: Date
  /** How many processes count in the store, this one included, when it was last known. While the store is away each has its part of a limit. */
  readonly processes: number
}

/** Stands before one API and decides: admission or refusal. */
export interface Gate {
  /** `GateOptions.api`. */
  readonly api: string
  /** Content longer than this is refused, in bytes; adapters count what is sent in chunks. */
  readonly maxBodyBytes: number

  /**
   * Decides on a request. Never rejects, given a request: what goes wrong becomes a refusal. An admission holds its connection until `release()`,
   * which is for the caller to call, once the response is over, whatever happens.
   */
  admit(request: GateRequest | RequestParts, options?: AdmitOptions): Promise<Outcome>
  /** As `admit`, for adapters: answers on the spot where nothing has to be waited for, and what is waited for can be left. */
  decide(request: GateRequest): Outcome | Pending<Outcome>
  /** For adapters: tells a `warning`. */
  warn(code: WarningEvent['code'], message: string, cause?: unknown): void

  /** Calls the listener for each event of that name, until `off`. A listener that throws harms no request. */
  on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this
  off<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this

  /** What is open now, oldest first. */
  connections(filter?: ConnectionFilter): Promise<ConnectionView[]>
  /**
   * Changes limits at run time, class by class, for every account that has none of its own (clause 2(d)); a function given as
   * `limits` is no longer asked. Counts are kept: lowering drains, 0 blocks, raising lets in who waits.
   * Rejects with an OptionsError.
   */
  setLimits(limits: Limits): Promise<void>
  /**
   * Ends open connections at once: their slots are free and what carries them is cut off. An empty filter means all of them.
   * `why` is told in the `released` events. Resolves with how many there were.
   */
  end(filter: ConnectionFilter, why: string): Promise<number>
  /** How the gate is now: for a page of your own, or a probe of the machine's. Asks nobody, so it costs nothing. */
  health(): GateHealth
  /** Refuses whoever comes or waits, ends what is open, and stops timers and subscriptions. Any number of times. */
  close(): Promise<void>
}
