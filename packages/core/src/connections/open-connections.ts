import { randomBytes } from 'node:crypto'
import { LONGEST_TIMER_MS, type CompleteClock } from '../clock.js'
import { ENDS } from '../ends.js'
import type { ConnectionFilter } from '../voice.js'
import type { Link } from './connection.js'
import type { Lease } from './store.js'

export interface OpenConnectionsOptions<Open> {
  readonly maxHoldMs: number
  readonly stallMs: number
  readonly clock: CompleteClock
  /** Called where `measuring` is set, as the response of a connection is over. */
  onResponseEnded(connection: Open, moment: number): void
  /**
   * Called once for each connection, as its slot is to be given back. `why` is absent where it simply ended, `moment` where nobody has looked
   * at the clock.
   */
  onReleased(connection: Open, why: string | undefined, moment: number | undefined): void
}

/**
 * All connections of a gate that are open now, oldest first, and the bounds on how long they may last. One timer serves
 * them all; it does not keep the process alive.
 */
export class OpenConnections<Open extends Link<Open>> {
  /** What ids of connections begin with: no other gate or process has the same. */
  readonly idPrefix = randomBytes(6).toString('base64url')
  /** Whether somebody wants to know when a response is over, and what it has taken. */
  measuring = false
  #first: Open | undefined
  #last: Open | undefined
  #serial = 0
  #timer: unknown
  #stalls = new Map<Open, { progress: number; since: number }>()
  /** Leases that were lost before their connection was added. */
  #lostEarly: WeakSet<Lease> | undefined
  /** Leases lost in this turn: one walk through the list finds them all. */
  #lostNow: Set<Lease> | undefined
  readonly #options: OpenConnectionsOptions<Open>

  constructor(options: OpenConnectionsOptions<Open>) {
    this.#options = options
  }

  /** The number of the next connection. */
  nextSerial(): number {
    return ++this.#serial
  }

  /** The steady clock, in whole ms, which weigh less than parts of them. */
  moment(): number {
    return Math.trunc(this.#options.clock.elapsed())
  }

  add(connection: Open): void {
    connection.previous = this.#last
    if (this.#last) this.#last.next = connection
    else this.#first = connection
    this.#last = connection
    if (this.#timer === undefined) this.#arm(connection.startedAt)
    // Told of as admitted first.
    if (this.#lostEarly?.has(connection.lease)) queueMicrotask(() => connection.end(ENDS.leaseLost))
  }

  /** The store has told that this lease is over: its slot may be somebody else's by now. */
  lost(lease: Lease): void {
    if (!this.#lostNow) {
      this.#lostNow = new Set()
      queueMicrotask(() => this.#endLost())
    }
    this.#lostNow.add(lease)
  }

  /** The response is over; what carried it is still there. */
  responseEnded(connection: Open, moment: number): void {
    this.#options.onResponseEnded(connection, moment)
  }

  /** The slot is to be given back. */
  released(connection: Open, why: string | undefined, moment: number | undefined): void {
    const { previous, next } = connection
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // Both ways, else whoever keeps this one keeps all that came after it.
    connection.previous = connection.next = undefined
    if (this.#stalls.size > 0) this.#stalls.delete(connection)
    this.#options.onReleased(connection, why, moment)
  }

  matching(filter: ConnectionFilter): Open[] {
    const found: Open[] = []
    for (let open = this.#first; open; open = open.next) if (matches(open, filter)) found.push(open)
    return found
  }

  /** `openedBy`: the latest moment at which those who are meant were opened. */
  end(filter: ConnectionFilter, why: string, openedBy = Infinity): number {
    const found = this.matching(filter).filter(({ startedAt }) => startedAt <= openedBy)
    for (const connection of found) connection.end(why)
    return found.length
  }

  /** The time of day of a moment on the steady clock. */
  dateOf(moment: number): Date {
    const { clock } = this.#options
    return new Date(clock.now() - (clock.elapsed() - moment))
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #endLost(): void {
    const lost = this.#lostNow ?? new Set<Lease>()
    this.#lostNow = undefined
    for (const connection of this.matching({}))
      if (lost.delete(connection.lease)) connection.end(ENDS.leaseLost)
    if (lost.size > 0) this.#lostEarly ??= new WeakSet()
    for (const lease of lost) this.#lostEarly?.add(lease)
  }

  #arm(now: number): void {
    const { maxHoldMs, stallMs, clock } = this.#options
    if (!this.#first) return
    const wait = Math.min(this.#first.startedAt + maxHoldMs - now, stallMs / STALL_LOOKS, LONGEST_TIMER_MS)
    this.#timer = clock.setTimeout(() => this.#look(), Math.max(1, Math.ceil(wait)))
  }

  #look(): void {
    this.#timer = undefined
    const { maxHoldMs, stallMs, clock } = this.#options
    const now = clock.elapsed()
    while (this.#first && now - this.#first.startedAt >= maxHoldMs) this.#first.end(ENDS.maxHold)
    if (stallMs !== Infinity) this.#endStalled(now, stallMs)
    if (this.#timer === undefined) this.#arm(now)
  }

  #endStalled(now: number, stallMs: number): void {
    for (const connection of this.matching({})) {
      const progress = connection.carrier?.progress?.()
      const stall = this.#stalls.get(connection)
      if (progress === undefined) this.#stalls.delete(connection)
      else if (stall?.progress !== progress) this.#stalls.set(connection, { progress, since: now })
      else if (now - stall.since >= stallMs) connection.end(ENDS.stalled)
    }
  }
}

/** How often within `stallMs` progress is looked at: a stalled reader is let go at most a quarter late. */
const STALL_LOOKS = 4

function matches<Open extends Link<Open>>(connection: Open, filter: ConnectionFilter): boolean {
  return (
    (filter.account === undefined || connection.holder.account.id === filter.account) &&
    (filter.client === undefined || connection.holder.client.id === filter.client) &&
    (filter.id === undefined || connection.id === filter.id)
  )
}
