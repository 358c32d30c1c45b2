import type { CompleteClock } from '../clock.js'

/** Accounts to reconsider: by id, and `undefined` for any. */
export type Accounts = ReadonlySet<string | undefined>

/** A registry that could not say what has changed is asked again so soon. */
const AGAIN_MS = 500

/** Which accounts have changed and are to be reconsidered: those of one turn together. */
export class ChangedAccounts {
  readonly #clock: CompleteClock
  readonly #reconsider: (accounts: Accounts) => void
  #now = new Set<string | undefined>()
  #later = new Set<string>()
  #timer: unknown

  constructor(clock: CompleteClock, reconsider: (accounts: Accounts) => void) {
    this.#clock = clock
    this.#reconsider = reconsider
  }

  /** At the end of the turn, when every listener of the registry, the credentials' own among them, knows of the change. */
  add(account: string | undefined): void {
    if (this.#now.size === 0) queueMicrotask(() => this.#takeNow())
    this.#now.add(account)
  }

  /** Nobody could say what has become of it. */
  again(account: string): void {
    this.#later.add(account)
    this.#timer ??= this.#clock.setTimeout(() => this.#takeLater(), AGAIN_MS)
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#now.clear()
    this.#later.clear()
  }

  #takeNow(): void {
    const accounts = this.#now
    this.#now = new Set()
    if (accounts.size > 0) this.#reconsider(accounts)
  }

  #takeLater(): void {
    const accounts = this.#later
    this.#later = new Set()
    this.#timer = undefined
    this.#reconsider(accounts)
  }
}
