import { LRUCache } from 'lru-cache'
import type { CompleteClock } from '../clock.js'
import type { Registration } from '../registry.js'
import { Changes } from './changes.js'
import type { CredentialsSettings } from './options.js'

/** What the registry said, and when it was asked. */
export interface Answer {
  readonly registration: Registration | undefined
  readonly askedAt: number
  /** Known to hold after so many changes. */
  holdsAt: number
}

/** So many are kept of keys that nobody has. */
const MAX_UNKNOWN = 10_000

/** Answers of the registry, believed for a while, and never beyond a change. */
export class KeptAnswers {
  readonly changes = new Changes()
  // Two tables, so that invented keys cannot push known ones out.
  readonly #known: LRUCache<string, Answer>
  readonly #unknown = new LRUCache<string, Answer>({ max: MAX_UNKNOWN })
  readonly #cacheMs: number
  readonly #clock: CompleteClock
  #closed = false

  constructor({ maxCached, cacheMs }: CredentialsSettings, clock: CompleteClock) {
    this.#known = new LRUCache({ max: maxCached })
    this.#cacheMs = cacheMs
    this.#clock = clock
  }

  /** The answer for a digest, where it is kept, young enough and not out of date. */
  believed(digest: string): Answer | undefined {
    const answer = this.#known.get(digest) ?? this.#unknown.get(digest)
    if (!answer || this.#closed || this.#clock.elapsed() - answer.askedAt >= this.#cacheMs) return undefined
    return this.holds(answer) ? answer : undefined
  }

  /** Whether no change came since that concerns an answer. */
  holds(answer: Answer): boolean {
    if (this.changes.since(answer.holdsAt, answer.registration?.account.id)) return false
    answer.holdsAt = this.changes.count
    return true
  }

  keep(digest: string, answer: Answer): void {
    if (this.#cacheMs <= 0 || this.#closed) return
    const [table, other] = answer.registration ? [this.#known, this.#unknown] : [this.#unknown, this.#known]
    table.set(digest, answer)
    other.delete(digest)
  }

  /** Believes and keeps nothing from now on. */
  close(): void {
    this.#closed = true
    this.#known.clear()
    this.#unknown.clear()
  }
}
