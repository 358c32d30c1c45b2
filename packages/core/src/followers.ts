import type { Traffic } from './carrier.js'
import type { Clock } from './clock.js'
import type { GateEvents, RefusedEvent, WarningEvent } from './events.js'
import type { Reason } from './refusal.js'
import type { Account, Client } from './registry.js'

/** An open connection, as whoever follows a gate sees it: the gate's own record, so look and do not keep it for longer than it is open. */
export interface FollowedConnection {
  readonly id: string
  readonly class: string
  /** When it was admitted: whole ms of the gate's steady clock. */
  readonly startedAt: number
  readonly holder: {
    /** That of `account`, which lies further away where there are many. */
    readonly accountId: string
    readonly account: Account
    readonly client: Client
    readonly credential: { readonly id?: string }
    readonly hint: string
  }
  /** The path of the request, without its query; whatever looks like a key is taken out. */
  readonly shownPath: string
  /** Bytes so far; `undefined` where what carries it cannot tell, and once its response is over. */
  traffic(): Traffic | undefined
}

/** A refusal, as whoever follows a gate sees it. */
export interface FollowedRefusal {
  readonly reason: Reason
  readonly clause: string | undefined
  /** `false` in `observe` mode: it went on all the same. */
  readonly enforced: boolean
  /** Absent where it was refused before that was known. */
  readonly account: Account | undefined
  readonly class: string | undefined
  /** Absent where none was known of the class, which then may be any. */
  readonly limit: number | undefined
  /** The event: put together when it is asked for. */
  event(): RefusedEvent
}

/** What a gate is followed for. */
export type Purpose = 'ledger' | 'usage' | 'metrics'

/**
 * For what looks at every request, as usage and metrics do: told on the spot, with the gate's own records, and nothing is put together for
 * it. What throws is warned of and harms no request. Its functions are taken as following begins.
 */
export interface Follower {
  /** What it is told for: `coverage` tells what is kept of a gate by it. */
  readonly purpose?: Purpose
  admitted?(connection: FollowedConnection, inUse: number): void
  refused?(refusal: FollowedRefusal): void
  /**
   * The response, or the upgraded socket, is over; the slot may be held on. Whoever asks for this has bytes counted. `moment`: when, on the
   * clock of `startedAt`.
   */
  ended?(connection: FollowedConnection, traffic: Traffic | undefined, moment: number): void
  /** The slot is given back. `why` and `clause` as in the `released` event; `moment`: when, on the clock of `startedAt`. */
  released?(
    connection: FollowedConnection,
    why: string | undefined,
    moment: number,
    clause: string | undefined,
  ): void
}

/** What a follower has of the gate it follows. */
export interface Following {
  /** The gate's own: moments are told by it. */
  readonly clock: Required<Clock>
  /** What is open in this process now. */
  open(): readonly FollowedConnection[]
  /** Ends it: nothing is told any more. */
  stop(): void
}

/** What can be followed: a gate. */
export interface Followable {
  readonly api: string
  follow(follower: Follower): Following
  on<Name extends 'misuse' | 'warning'>(name: Name, listener: (event: GateEvents[Name]) => unknown): unknown
  off<Name extends 'misuse' | 'warning'>(name: Name, listener: (event: GateEvents[Name]) => unknown): unknown
  warn(code: WarningEvent['code'], message: string, cause?: unknown): void
}

/** One of the functions of a follower, taken from it once: followers are of many shapes, and to look into each costs more than the call. */
interface Hearing<Name extends keyof Follower> {
  readonly follower: Follower
  readonly hear: NonNullable<Follower[Name]>
}

/** The followers of a gate. */
export class Followers {
  #all: readonly Follower[] = []
  /** Those who are told of each: nobody is asked again for every request. */
  #ofAdmitted: readonly Hearing<'admitted'>[] = []
  #ofRefused: readonly Hearing<'refused'>[] = []
  #ofEnded: readonly Hearing<'ended'>[] = []
  #ofReleased: readonly Hearing<'released'>[] = []
  /** Whether somebody wants bytes counted. */
  measuring = false
  /** Looked at for every request. */
  some = false

  constructor(private readonly onFailed: (cause: unknown) => void) {}

  add(follower: Follower): void {
    this.#set([...this.#all, follower])
  }

  remove(follower: Follower): void {
    this.#set(this.#all.filter((each) => each !== follower))
  }

  are(purpose: Purpose): boolean {
    return this.#all.some((follower) => follower.purpose === purpose)
  }

  admitted(connection: FollowedConnection, inUse: number): void {
    for (const { follower, hear } of this.#ofAdmitted) {
      try {
        hear.call(follower, connection, inUse)
      } catch (cause) {
        this.onFailed(cause)
      }
    }
  }

  refused(refusal: FollowedRefusal): void {
    for (const { follower, hear } of this.#ofRefused) {
      try {
        hear.call(follower, refusal)
      } catch (cause) {
        this.onFailed(cause)
      }
    }
  }

  ended(connection: FollowedConnection, moment: number): void {
    const traffic = connection.traffic()
    for (const { follower, hear } of this.#ofEnded) {
      try {
        hear.call(follower, connection, traffic, moment)
      } catch (cause) {
        this.onFailed(cause)
      }
    }
  }

  released(
    connection: FollowedConnection,
    why: string | undefined,
    moment: number,
    clause: string | undefined,
  ): void {
    for (const { follower, hear } of this.#ofReleased) {
      try {
        hear.call(follower, connection, why, moment, clause)
      } catch (cause) {
        this.onFailed(cause)
      }
    }
  }

  #set(all: readonly Follower[]): void {
    this.#all = all
    this.#ofAdmitted = hearing('admitted', all)
    this.#ofRefused = hearing('refused', all)
    this.#ofEnded = hearing('ended', all)
    this.#ofReleased = hearing('released', all)
    this.some = all.length > 0
    this.measuring = this.#ofEnded.length > 0
  }
}

function hearing<Name extends 'admitted' | 'refused' | 'ended' | 'released'>(
  name: Name,
  all: readonly Follower[],
): Hearing<Name>[] {
  return all.flatMap((follower) => {
    const hear = follower[name]
    return hear ? [{ follower, hear }] : []
  })
}
