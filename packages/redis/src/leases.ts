import type { Lease } from '@api-terms/core'
import type { Commands } from './commands.js'
import { Listeners } from './listeners.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import { Places } from './places.js'
import type { Reach } from './reach.js'
import { Rounds } from './rounds.js'
import { MOST } from './turn.js'
import type { Wakefulness } from './wakefulness.js'
import type { Warnings } from './warnings.js'

export interface LeasesParts {
  readonly options: CheckedOptions
  readonly commands: Commands
  readonly reach: Reach
  readonly wakefulness: Wakefulness
  readonly warnings: Warnings
}

/** What this process holds: renewed for as long as it does, and counted again where Redis has lost it. */
export class Leases {
  readonly lost = new Listeners<[Lease]>()
  readonly #is: LeasesParts
  readonly #open = new Places()
  /** Those of the open that were let in without Redis, which does not know of them yet. */
  readonly #uncounted = new Places()
  readonly #renewals: Rounds
  /** How often the process had paused as everything was renewed last. */
  #pausesKnown = 0

  constructor(parts: LeasesParts) {
    const { options, reach } = parts
    this.#is = parts
    this.#renewals = new Rounds(
      () => options.leaseMs / 3,
      () => !this.#open.empty,
      reach.whileAvailable(() => this.#renew(this.#open)),
    )
  }

  add(place: Place): void {
    // A pause costs nothing where nothing was open.
    if (this.#open.empty) this.#pausesKnown = this.#is.wakefulness.pauses()
    this.#open.add(place)
    this.#renewals.start()
  }

  /** Let in without Redis: it is counted at once, or as Redis is back. */
  addUncounted(place: Place): void {
    this.add(place)
    this.#uncounted.add(place)
    if (this.#is.reach.state === 'available') this.#count()
  }

  /** This process is done with it, whatever Redis still holds. */
  remove(place: Place): void {
    this.#open.remove(place)
    this.#uncounted.remove(place)
    place.state = 'over'
  }

  /** The store closes: answers all that it held. */
  end(): Place[] {
    this.#renewals.stop()
    const all = [...this.#open.all()]
    for (const place of all) this.remove(place)
    return all
  }

  /** Everything after an outage; else what came while one was suspected. */
  countAgain(outage: boolean): Promise<void> {
    return this.#renew(outage ? this.#open : this.#uncounted)
  }

  redisIsAway(cause: unknown): void {
    if (this.#open.empty) return
    this.#is.warnings.tell('renewal-failed', 'leases cannot be renewed: Redis is away', cause)
  }

  redisIsBack(): void {
    if (!this.#uncounted.empty) this.#count()
  }

  #count(): void {
    this.#renew(this.#uncounted).catch((cause: unknown) => this.#is.reach.failed(cause))
  }

  async #renew(places: Places): Promise<void> {
    const { commands, wakefulness } = this.#is
    const pauses = wakefulness.pauses()
    const hasPaused = pauses !== this.#pausesKnown
    const mostOf = hasPaused ? (those: readonly Place[]) => this.#mostAfterPause(those) : () => MOST
    const found = { again: 0, lost: 0 }
    await commands.renew(places, mostOf, (place, state, inUse) => {
      place.inUse = inUse
      if (place.state !== 'open') {
        // Given back before Redis had the text of the renewal, which counts it again.
        if (state === 'again') commands.giveBack(place)
        return
      }
      const wasUncounted = this.#uncounted.remove(place)
      if (state === 'again' && !wasUncounted) found.again++
      if (state !== 'lost') return
      found.lost++
      this.remove(place)
      this.lost.tell(place)
    })
    if (places === this.#open) this.#pausesKnown = pauses
    if (found.again + found.lost > 0) this.#warnOfLost(found, hasPaused)
  }

  /** Others may have had the slots since: never above the limit, as it was told last. */
  #mostAfterPause(places: readonly Place[]): number {
    if (this.#is.options.whenLeaseLost === 'end') return 0
    return Math.min(MOST, places.at(-1)?.limit ?? 0)
  }

  #warnOfLost({ again, lost }: { again: number; lost: number }, hasPaused: boolean): void {
    const whose = hasPaused ? 'this process was paused' : 'Redis has lost them'
    const message = `${again + lost} leases were over while they were held (${whose}): ${again} are counted again, ${lost} connections end`
    this.#is.warnings.tell('leases-lost', message, undefined)
  }
}
