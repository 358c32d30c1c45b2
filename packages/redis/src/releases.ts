import type { Commands } from './commands.js'
import type { Place } from './place.js'
import { Places } from './places.js'
import type { Reach } from './reach.js'
import type { Warnings } from './warnings.js'

/** What this process gives back: at once while Redis can be reached, else it is owed until Redis is back. */
export class Releases {
  readonly #owed = new Places()
  #told = false
  #closing = false

  constructor(
    private readonly commands: Commands,
    private readonly reach: Reach,
    private readonly warnings: Warnings,
  ) {}

  /** Whoever gives back is not kept waiting; where it fails it is done as Redis is back. */
  giveBack(place: Place): void {
    if (this.reach.state === 'available' || this.#closing) return this.commands.giveBack(place)
    this.#owed.add(place)
    this.warn(undefined)
  }

  /** Redis may have this one, or has it still. */
  owe(place: Place): void {
    this.#owed.add(place)
  }

  /** Rejects with the first failure: what Redis was not told of stays owed. */
  settle(): Promise<void> {
    return this.commands.giveBackAll(this.#owed, (place) => this.#owed.remove(place))
  }

  /** Once in an outage. */
  warn(cause: unknown): void {
    if (this.#owed.empty || this.#told || this.reach.state !== 'unavailable') return
    this.#told = true
    this.warnings.tell('release-failed', 'connections are given back once Redis is back, or expire', cause)
  }

  /** Those who came and went after everything was counted: before whoever asks Redis from now on. */
  redisIsBack(): void {
    this.#told = false
    if (!this.#owed.empty) this.settle().catch((failure: unknown) => this.reach.failed(failure))
  }

  close(): void {
    this.#closing = true
    this.settle().catch((cause: unknown) => {
      const message = 'connections were not given back as the store closed: they expire'
      this.warnings.tell('release-failed', message, cause)
    })
  }
}
