import { setTimeout as passed } from 'node:timers/promises'
import type { Commands } from './commands.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import { Places } from './places.js'
import type { Reach } from './reach.js'
import { Rounds } from './rounds.js'
import { WakeUps } from './wake-ups.js'
import type { Warnings } from './warnings.js'

export interface LineParts {
  readonly options: CheckedOptions
  /** Where Redis tells this process that a place of its own has become a lease. */
  readonly channel: string
  readonly commands: Commands
  readonly reach: Reach
  readonly warnings: Warnings
  onGranted(place: Place, inUse: number): void
}

/** Those of this process who wait for a slot: a message wakes them, and a look finds what no message has told. */
export class Line {
  readonly #is: LineParts
  /** Those whom a message may wake, by id: it may come before the answer that there is a wait. */
  readonly #known = new Map<string, Place>()
  readonly #waiting = new Places()
  readonly #wakeUps: WakeUps
  readonly #looks: Rounds

  constructor(parts: LineParts) {
    const { options, channel, reach, warnings } = parts
    this.#is = parts
    this.#wakeUps = new WakeUps(options.client, channel, {
      onWoken: (id, inUse) => this.#woken(id, inUse),
      onStarted: () => this.#looks.hurry(),
      onFailed: (cause) => warnings.tell('subscription-failed', 'wake-ups are not heard', cause),
    })
    // Looking after the line renews it too.
    this.#looks = new Rounds(
      () => Math.min(this.#wakeUps.lookMs, options.leaseMs / 3),
      () => !this.#waiting.empty,
      reach.whileAvailable(() => this.#look()),
    )
  }

  /** It may come to wait. */
  expect(place: Place): void {
    this.#known.set(place.id, place)
    this.#wakeUps.start()
  }

  wait(place: Place): void {
    place.wait()
    this.#waiting.add(place)
    this.#looks.start()
  }

  remove(place: Place): void {
    this.#known.delete(place.id)
    this.#waiting.remove(place)
  }

  /** Everybody is sent away. */
  end(): void {
    this.#looks.stop()
    for (const place of this.#known.values()) place.leave()
  }

  /** A cluster's client may queue this for as long as it is cut off. */
  async close(): Promise<void> {
    const { timeoutMs } = this.#is.options
    await Promise.race([this.#wakeUps.close(), passed(timeoutMs, undefined, { ref: false })])
  }

  #look(): Promise<void> {
    const nobodyAgain = () => 0
    return this.#is.commands.renew(this.#waiting, nobodyAgain, (place, state, inUse) => {
      place.inUse = inUse
      if (state === 'open') this.#is.onGranted(place, inUse)
      else if (state === 'lost' && place.state === 'waiting') this.#askAgain(place)
    })
  }

  /** Redis has lost the line, or this process has slept for too long: from the end of the line again. */
  #askAgain(place: Place): void {
    this.#waiting.remove(place)
    place.state = 'asking'
    this.#is.commands.ask(place)
  }

  #woken(id: string, inUse: number): void {
    const place = this.#known.get(id)
    if (place) this.#is.onGranted(place, inUse)
  }
}
