import type { GateEventName, GateListener, WarningEvent } from './events.js'
import type { Followable, Follower, Following } from './followers.js'
import type { Inquiry } from './inquiry.js'
import type { Pending } from './pending.js'
import type { Refusal } from './refusal.js'
import type { Limits } from './registry.js'
import type { GateRequest, RequestParts } from './request.js'
import type { GateSetup } from './setup.js'
import type { Outcome } from './admission.js'
import type { ConnectionFilter } from './voice.js'

/** Options of {@link Gate.admit}. */
export interface AdmitOptions {
  /** Aborted when the caller hangs up: whoever waits leaves at once, and nothing is held. */
  signal?: AbortSignal
}

/** A connection as `gate.connections()` lists it. */
export interface ConnectionView {
  readonly id: string
  readonly account: string
  /** The account's partner, where it has one (clause 1(d)). */
  readonly partner?: string
  readonly client: string
  readonly class: string
  readonly since: Date
  /** The path of the request, without its query. */
  readonly target: string
  /** The process that holds it: `gate.process` there. */
  readonly process: string
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
export interface Gate extends Followable {
  /** `GateOptions.api`. */
  readonly api: string
  /**
   * Names this gate's process among those of the API: host, number and a random part, as `gate.connections()` and the ledger tell it. A second gate
   * of the same API in one process has `.2` behind it.
   */
  readonly process: string
  /** Content longer than this is refused, in bytes; adapters count what is sent in chunks. */
  readonly maxBodyBytes: number

  /**
   * Decides on a request. Never rejects, given a request (else an OptionsError): what goes wrong becomes a refusal. An admission holds its connection until `release()`,
   * which is for the caller to call, once the response is over, whatever happens.
   */
  admit(request: GateRequest | RequestParts, options?: AdmitOptions): Promise<Outcome>
  /** As `admit`, for adapters: answers on the spot where nothing has to be waited for, and what is waited for can be left. */
  decide(request: GateRequest): Outcome | Pending<Outcome>
  /**
   * For routers: a client asks about itself, past what it may not do with the API. It needs a valid credential from an allowed network,
   * and its agreement must not have ended; it counts as no connection. `release()` it once it is answered.
   */
  inquire(request: GateRequest): Promise<Inquiry | Refusal>
  /** For adapters: tells a `warning`. */
  warn(code: WarningEvent['code'], message: string, cause?: unknown): void

  /** Calls the listener for each event of that name, until `off`. A listener that throws harms no request. Throws an OptionsError where there is no such event. */
  on<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this
  off<Name extends GateEventName>(name: Name, listener: GateListener<Name>): this

  /** For what looks at every request: told on the spot, by the gate's own records. Cheaper than events, which are put together. */
  follow(follower: Follower): Following
  /** For adapters: whether somebody who follows the gate wants bytes counted. */
  readonly measuring: boolean

  /**
   * What is open now, oldest first; where the store is shared, in every process. A process that gives no sign of an answer for a second is left
   * out, and the others, where one has more to list than it can in 5 seconds: a `warning`, `process-silent`, names it. Nothing is kept for
   * this per request: the processes are asked. Rejects with an OptionsError where the filter is wrong.
   */
  connections(filter?: ConnectionFilter): Promise<ConnectionView[]>
  /**
   * Changes limits at run time, class by class, for every account that has none of its own (clause 2(d)); a function given as
   * `limits` is no longer asked. Counts are kept: lowering drains, 0 blocks, raising lets in who waits.
   * Where the store is shared, they hold in every process within a second, in those that start later too, until an hour after the last one has gone; the
   * last who sets a class decides. Rejects with an OptionsError, or, where the other processes could not be told in time, with a StoreError: then they
   * hold here, and there as soon as the store can be reached.
   */
  setLimits(limits: Limits): Promise<void>
  /**
   * Ends open connections at once: their slots are free and what carries them is cut off. An empty filter means all of them; one that is wrong, or
   * has a member that is `undefined`, none: it rejects with an OptionsError.
   * `why` is told in the `released` events. Resolves with how many there were; where the store is shared, in every process. A process that gives
   * no answer for a second is not counted (`warning`: `process-silent`); it ends them as soon as it hears of it, and none that was opened after the call.
   */
  end(filter: ConnectionFilter, why: string): Promise<number>
  /** How the gate is now: for a page of your own, or a probe of the machine's. Asks nobody, so it costs nothing. */
  health(): GateHealth
  /** How the gate is set up: what the options say, and who listens. For `coverage`. */
  setup(): GateSetup
  /** Refuses whoever comes or waits, ends what is open, and stops timers and subscriptions. Any number of times. */
  close(): Promise<void>
}
