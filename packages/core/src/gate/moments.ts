import type { CompleteClock } from '../clock.js'

/** Between two looks, so that many moments close to each other cost few. */
const LEAST_PAUSE_MS = 50
/** A look goes through all accounts, which takes some ten milliseconds for a million: the more there are, the fewer looks. */
const ACCOUNTS_PER_MS = 2000
/** What ends is to have ended within a second. */
const MOST_PAUSE_MS = 500
/** The time of day may be set while a timer runs, which counts what has elapsed. */
const LONGEST_PAUSE_MS = 60_000

/**
 * When accounts have to be looked at again because of what comes with time alone: the end of a notice, of a grant, of a time to accept. One
 * timer serves them all; it does not keep the process alive. There is one moment at most for each account that has one ahead.
 */
export class Moments {
  readonly #clock: CompleteClock
  readonly #onDue: (accounts: ReadonlySet<string | undefined>) => void
  readonly #byAccount = new Map<string | undefined, number>()
  #next = Infinity
  #timer: unknown
  #closed = false

  /** @param onDue is told whose moment has come; `undefined` among them: everybody's */
  constructor(clock: CompleteClock, onDue: (accounts: ReadonlySet<string | undefined>) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** An account, or everybody, is to be looked at at this moment, in ms since 1970. The soonest that is noted counts. */
  note(account: string | undefined, moment: number): void {
    if (this.#closed || !((this.#byAccount.get(account) ?? Infinity) > moment)) return
    this.#byAccount.set(account, moment)
    if (moment >= this.#next) return
    this.#next = moment
    this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#clock.clearTimeout(this.#timer)
    this.#byAccount.clear()
  }

  #arm(): void {
    this.#clock.clearTimeout(this.#timer)
    const bySize = Math.min(this.#byAccount.size / ACCOUNTS_PER_MS, MOST_PAUSE_MS)
    const least = Math.max(LEAST_PAUSE_MS, bySize)
    const wait = Math.min(Math.max(this.#next - this.#clock.now(), least), LONGEST_PAUSE_MS)
    this.#timer = this.#clock.setTimeout(() => this.#look(), Math.ceil(wait))
  }

  #look(): void {
    const now = this.#clock.now()
    // The timer was shorter than the wait, or the clock was set back.
    if (now < this.#next) return this.#arm()
    const due = new Set<string | undefined>()
    this.#next = Infinity
    for (const [account, moment] of this.#byAccount) {
      if (moment <= now) due.add(account)
      else if (moment < this.#next) this.#next = moment
    }
    for (const account of due) this.#byAccount.delete(account)
    if (this.#next !== Infinity) this.#arm()
    if (due.size > 0) this.#onDue(due)
  }
}
