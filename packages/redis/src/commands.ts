import type { CounterName } from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import type { Places, Portion } from './places.js'
import { ScriptRunner } from './script-runner.js'
import { ACQUIRE, RELEASE, RENEW, SET_LIMIT } from './scripts.js'

/** What Redis says of a place. */
export type PlaceState = 'open' | 'waiting' | 'refused' | 'lost'

/** `Infinity`, as far as a script counts. */
const MOST = 1e14
/** How many places a command names: renewing them is about half a millisecond of Redis's time. */
const PORTION = 500
/** How many renewals are on their way at once. */
const LANES = 16

/** What a process asks of Redis, and what of it is still under way. */
export class Commands {
  readonly keys: Keys
  readonly #runner: ScriptRunner
  readonly #leaseMs: string
  readonly #oneServer: boolean
  readonly #onReleaseFailed: (cause: unknown) => void
  readonly #underway = new Set<Promise<unknown>>()

  constructor(options: CheckedOptions, onReleaseFailed: (cause: unknown) => void) {
    this.keys = keysUnder(options.prefix)
    this.#runner = new ScriptRunner(options.client.send, options.timeoutMs)
    this.#leaseMs = String(options.leaseMs)
    this.#oneServer = options.client.oneServer
    this.#onReleaseFailed = onReleaseFailed
  }

  async acquire(place: Place): Promise<[state: PlaceState, inUse: number]> {
    const { id, limit, maxWaiting, counter } = place
    const args = [id, this.#leaseMs, limitText(limit), String(maxWaiting), this.keys.channels]
    const tooLate = () => this.giveBack([place])
    const reply = (await this.#track(this.#runner.run(ACQUIRE, [counter], args, tooLate))) as unknown[]
    const told = Number(reply[0])
    return [told > 0 ? 'open' : told < 0 ? 'refused' : 'waiting', Number(reply[1])]
  }

  /** Places of one counter. Not waited for. Tried twice; then they expire by themselves, since nobody renews them. */
  giveBack(places: readonly Place[]): void {
    const args = [this.keys.channels, ...places.map(({ id }) => id)]
    const give = () => this.#runner.run(RELEASE, [places[0]!.counter], args)
    void this.#track(give().catch(give).catch(this.#onReleaseFailed))
  }

  giveBackAll(places: Places): void {
    for (const portion of places.portions(PORTION, true)) {
      for (const those of portion.values()) this.giveBack(those)
    }
  }

  /** Not waited for, and no harm where it fails: whoever asks next brings the limit too. */
  setLimit(name: CounterName, limit: number): void {
    const args = [this.keys.channels, limitText(limit)]
    void this.#track(this.#runner.run(SET_LIMIT, [this.keys.counter(name)], args).catch(() => undefined))
  }

  /** Tells Redis that these places live on, all of a process in few commands, and tells what has become of each. Rejects with the first failure. */
  async renew(
    places: Places,
    onRenewed: (place: Place, state: PlaceState, inUse: number) => void,
  ): Promise<void> {
    // As they are now: those who come meanwhile need no renewal yet.
    const portions = [...places.portions(PORTION, !this.#oneServer)]
    const failures: unknown[] = []
    const lane = async () => {
      for (let next = portions.pop(); next; next = portions.pop()) {
        // oxlint-disable-next-line no-await-in-loop -- what is sent at once is bounded by the lanes
        await this.#renewPortion(next, onRenewed).catch((cause: unknown) => failures.push(cause))
      }
    }
    await this.#track(Promise.all(Array.from({ length: LANES }, lane)))
    if (failures.length > 0) throw failures[0]
  }

  /** Nothing is under way any more: each command has its time limit. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- what was under way may have sent more
      await Promise.allSettled(this.#underway)
    }
  }

  async #renewPortion(
    portion: Portion,
    onRenewed: (place: Place, state: PlaceState, inUse: number) => void,
  ): Promise<void> {
    const args = [this.keys.channels, this.#leaseMs]
    for (const places of portion.values()) args.push(String(places.length), ...places.map(({ id }) => id))
    const reply = (await this.#runner.run(RENEW, [...portion.keys()], args)) as unknown[]
    let at = 0
    for (const places of portion.values()) {
      const inUse = Number(reply[at++])
      const states = String(reply[at++])
      for (const [i, place] of places.entries()) onRenewed(place, stateOf(states[i]), inUse)
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work)
    const done = () => void this.#underway.delete(work)
    work.then(done, done)
    return work
  }
}

function limitText(limit: number): string {
  return String(Math.min(limit, MOST))
}

function stateOf(letter: string | undefined): PlaceState {
  if (letter === 'o') return 'open'
  return letter === 'w' ? 'waiting' : 'lost'
}
