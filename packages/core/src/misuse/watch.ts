import { LRUCache } from 'lru-cache'
import { Bans } from './bans.js'

/** So many subjects, accounts or credentials, are watched at once for each sign, and of paths for each pattern; the one not seen for longest is forgotten. */
const MOST_SUBJECTS = 10_000
/** So many values are remembered over all of them: some 10 MB. */
const MOST_VALUES = 200_000

/** What was seen of one subject since a moment. */
interface Seen {
  readonly since: number
  /** Absent where it is only counted. */
  readonly values: Set<number> | undefined
  /** The value noted last: most come again at once. */
  latest: number | undefined
  count: number
  /** A sign that bans nobody has been told in this window. */
  told: boolean
}

export interface WatchOptions {
  readonly most: number
  readonly withinMs: number
  readonly refuseMs: number
}

/**
 * Whether more than so many were seen of a subject within a time. Exact up to there, and bounded whatever comes: beyond that nothing is
 * remembered, since more is no news.
 */
export class Watch {
  #values = 0
  readonly #subjects = new LRUCache<string, Seen>({
    max: MOST_SUBJECTS,
    dispose: ({ values }) => void (this.#values -= values?.size ?? 0),
  })
  /** The one seen last: a request is looked at several times in a row. It is the last to be forgotten. */
  #last: { readonly subject: string; readonly seen: Seen } | undefined
  readonly #bans = new Bans()

  constructor(private readonly is: WatchOptions) {}

  /** How much is remembered. */
  get held(): { readonly subjects: number; readonly values: number } {
    return { subjects: this.#subjects.size, values: this.#values }
  }

  isRefused(subject: string, now: number): boolean {
    return this.#bans.holds(subject, now)
  }

  /**
   * Notes a value of the subject, or, where there is none, that something happened. Whether that is a sign: once for each window. A ban ends
   * the window, and the next begins when the ban is over; of what is refused meanwhile nothing is noted.
   */
  isSign(subject: string, now: number, value?: number): boolean {
    if (this.#bans.holds(subject, now)) return false
    const seen = this.#seen(subject, now, value !== undefined)
    if (seen.told) return false
    if (value === undefined) seen.count++
    else if (value !== seen.latest) this.#remember(seen, value)
    if (seen.count <= this.is.most) return false
    if (this.is.refuseMs > 0) this.ban(subject, now, this.is.refuseMs)
    else this.#tell(seen)
    return true
  }

  /** Refuses a subject for so long, but for no longer than this gate refuses anybody. */
  ban(subject: string, now: number, forMs: number): void {
    this.#bans.add(subject, now + Math.min(forMs, this.is.refuseMs))
    this.#last = undefined
    this.#subjects.delete(subject)
  }

  #tell(seen: Seen): void {
    seen.told = true
    // What led to it is of no more use.
    this.#values -= seen.values?.size ?? 0
    seen.values?.clear()
  }

  #seen(subject: string, now: number, byValue: boolean): Seen {
    let seen = this.#find(subject)
    if (seen && now - seen.since < this.is.withinMs) return seen
    const values = byValue ? new Set<number>() : undefined
    seen = { since: now, values, latest: undefined, count: 0, told: false }
    this.#subjects.set(subject, seen)
    this.#last = { subject, seen }
    return seen
  }

  #find(subject: string): Seen | undefined {
    if (this.#last?.subject === subject) return this.#last.seen
    const seen = this.#subjects.get(subject)
    if (seen) this.#last = { subject, seen }
    return seen
  }

  #remember(seen: Seen, value: number): void {
    const { values } = seen
    seen.latest = value
    if (!values || values.has(value)) return
    values.add(value)
    seen.count = values.size
    this.#values++
    while (this.#values > MOST_VALUES && this.#subjects.size > 1) this.#subjects.pop()
  }
}
