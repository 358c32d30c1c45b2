import type { Traffic } from '../carrier.js'
import type { CompleteClock } from '../clock.js'
import { DAY_MS, dayOf, writtenDay } from '../days.js'
import type { Followable, FollowedConnection, FollowedRefusal, Follower, Following } from '../followers.js'
import { OpenRow } from './row.js'
import type { UsageRow } from './store.js'

/** What of an open connection has been counted already, or is not to be: it was before. */
interface Settled {
  readonly heldMs: number
  readonly bytesIn: number
  readonly bytesOut: number
}

const NOTHING: Settled = Object.freeze({ heldMs: 0, bytesIn: 0, bytesOut: 0 })

/**
 * Counts what one gate lets in and turns away, as it happens. Nothing is kept of a connection that is shorter than the time between two
 * batches; of a longer one, what has been counted so far.
 */
export class GateUsage implements Follower {
  readonly purpose = 'usage'
  readonly #following: Following
  /** That of the gate: moments of another's are not to be compared with it. */
  private readonly clock: CompleteClock
  #rows = new Map<string, Map<string, OpenRow>>()
  /** Days that are over, with what is not in a batch yet. */
  #past: UsageRow[] = []
  readonly #settled = new Map<FollowedConnection, Settled>()
  /** When the last of those was opened: most connections are younger. */
  #lastSettled = -Infinity
  #day: number
  /** When the day ends, on the clock of the connections, at the latest: it is looked at for every request, and the time of day is not. */
  #dayEnds!: number

  constructor(private readonly gate: Followable) {
    this.#following = gate.follow(this)
    this.clock = this.#following.clock
    this.#day = dayOf(this.clock.now())
    this.turnDay()
    this.#leaveOutPast()
  }

  admitted(connection: FollowedConnection, inUse: number): void {
    this.#reach(connection.startedAt)
    const row = this.#rowOf(connection)
    row.connections++
    if (inUse > row.peak) row.peak = inUse
  }

  refused({ reason, account, class: className = '', limit }: FollowedRefusal): void {
    this.#reach(this.clock.elapsed())
    // A class that has no limit may be anything, and each would be a row.
    this.#row(account?.id ?? '', limit === undefined ? '' : className).refused(reason)
  }

  ended(connection: FollowedConnection, traffic: Traffic | undefined, moment: number): void {
    this.#reach(moment)
    if (!traffic) return
    const { bytesIn, bytesOut } = this.#settledOf(connection) ?? NOTHING
    const row = this.#rowOf(connection)
    row.bytesIn += traffic.bytesIn - bytesIn
    row.bytesOut += traffic.bytesOut - bytesOut
  }

  released(connection: FollowedConnection, _why: string | undefined, moment: number): void {
    this.#reach(moment, connection)
    const settled = this.#settledOf(connection)
    this.#rowOf(connection).heldMs += moment - connection.startedAt - (settled?.heldMs ?? 0)
    if (settled) this.#settled.delete(connection)
  }

  /**
   * Connections that are open over midnight are counted on both days, each with its part; `leaving` is one that is just being released.
   * Where the machine's clock is set, that counts from the next time on that this is called.
   */
  turnDay(leaving?: FollowedConnection): void {
    const now = this.clock.now()
    const elapsed = this.clock.elapsed()
    const day = dayOf(now)
    if (day !== this.#day) {
      const sinceMidnight = Math.max(0, now - (this.#day + 1) * DAY_MS)
      this.#settleAll(elapsed - sinceMidnight, leaving)
      this.#past.push(...this.#closeRows())
      this.#day = day
      this.#countOpen()
    }
    this.#dayEnds = Math.floor(elapsed + (day + 1) * DAY_MS - now)
  }

  /** What is told now belongs to this moment: of the next day, where this one is over. */
  #reach(moment: number, leaving?: FollowedConnection): void {
    if (moment >= this.#dayEnds) this.turnDay(leaving)
  }

  #countOpen(): void {
    const open = new Map<OpenRow, number>()
    for (const connection of this.#following.open()) {
      const row = this.#rowOf(connection)
      open.set(row, (open.get(row) ?? 0) + 1)
    }
    for (const [row, count] of open) row.peak = count
  }

  /** What has been counted since the last time, open connections included. */
  take(): UsageRow[] {
    this.turnDay()
    this.#settleAll(this.clock.elapsed())
    const rows = [...this.#past, ...this.#closeRows()]
    this.#past = []
    return rows
  }

  /** Counts no more. Answers what has been counted since the last time. */
  end(): UsageRow[] {
    const rows = this.take()
    this.#following.stop()
    return rows
  }

  /** Of what is open already, only what comes from now on is counted. */
  #leaveOutPast(): void {
    const moment = Math.trunc(this.clock.elapsed())
    for (const connection of this.#following.open()) {
      const { bytesIn, bytesOut } = connection.traffic() ?? NOTHING
      this.#keep(connection, { heldMs: moment - connection.startedAt, bytesIn, bytesOut })
    }
    this.#countOpen()
  }

  #settledOf(connection: FollowedConnection): Settled | undefined {
    return connection.startedAt <= this.#lastSettled ? this.#settled.get(connection) : undefined
  }

  #settleAll(moment: number, leaving?: FollowedConnection): void {
    const open = this.#following.open()
    const all = leaving ? [...open, leaving] : open
    for (const connection of all) this.#settle(connection, Math.trunc(moment))
  }

  #settle(connection: FollowedConnection, moment: number): void {
    const before = this.#settled.get(connection) ?? NOTHING
    const { bytesIn, bytesOut } = connection.traffic() ?? before
    // The time of day may have been set: what has been counted is not taken back.
    const heldMs = Math.max(before.heldMs, moment - connection.startedAt)
    const row = this.#rowOf(connection)
    row.heldMs += heldMs - before.heldMs
    row.bytesIn += bytesIn - before.bytesIn
    row.bytesOut += bytesOut - before.bytesOut
    this.#keep(connection, { heldMs, bytesIn, bytesOut })
  }

  #keep(connection: FollowedConnection, settled: Settled): void {
    this.#settled.set(connection, settled)
    this.#lastSettled = Math.max(this.#lastSettled, connection.startedAt)
  }

  #rowOf({ holder, class: className }: FollowedConnection): OpenRow {
    return this.#row(holder.accountId, className)
  }

  /** A request is looked at several times in a row, and so are those of a busy account. */
  #last: { readonly account: string; readonly class: string; readonly row: OpenRow } | undefined

  #row(account: string, className: string): OpenRow {
    const last = this.#last
    if (last && last.account === account && last.class === className) return last.row
    let classes = this.#rows.get(account)
    if (!classes) this.#rows.set(account, (classes = new Map<string, OpenRow>()))
    let row = classes.get(className)
    if (!row) classes.set(className, (row = new OpenRow()))
    this.#last = { account, class: className, row }
    return row
  }

  #closeRows(): UsageRow[] {
    const day = writtenDay(this.#day)
    const rows = [...this.#rows].flatMap(([account, classes]) =>
      [...classes].map(([className, row]) => row.closed(this.gate.api, account, className, day)),
    )
    this.#rows = new Map()
    this.#last = undefined
    return rows
  }
}
