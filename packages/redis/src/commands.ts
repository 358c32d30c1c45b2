import type { CounterName } from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import type { Places, Portion } from './places.js'
import { ScriptRunner } from './script-runner.js'
import { GIVE_AND_TAKE, RENEW, SET_LIMIT } from './scripts.js'
import { limitWord, Turn, wordsOf, type Part } from './turn.js'

/** What Redis says of a place. */
export type PlaceState = 'open' | 'waiting' | 'refused' | 'lost'

/** How many places a command names: renewing them is about half a millisecond of Redis's time, taking them about two. */
const PORTION = 500
/** How many renewals are on their way at once. */
const LANES = 16

/** Who hears what Redis has answered. */
export interface CommandsListener {
  onAnswered(place: Place, state: PlaceState, inUse: number): void
  /** A place that was asked for; whether Redis has it is not known. */
  onFailed(place: Place, cause: unknown): void
  onReleaseFailed(cause: unknown): void
}

/** What a process asks of Redis, and what of it is still under way. */
export class Commands {
  readonly keys: Keys
  readonly #runner: ScriptRunner
  readonly #leaseMs: string
  readonly #oneServer: boolean
  readonly #hears: CommandsListener
  #turn = new Turn()
  readonly #underway = new Set<Promise<unknown>>()

  constructor(options: CheckedOptions, hears: CommandsListener) {
    this.keys = keysUnder(options.prefix)
    this.#runner = new ScriptRunner(options.client.send, options.timeoutMs)
    this.#leaseMs = String(options.leaseMs)
    this.#oneServer = options.client.oneServer
    this.#hears = hears
  }

  /** Asked for at the end of this turn. */
  ask(place: Place): void {
    this.#turn.ask(place)
    this.#endTurnInTime()
  }

  /** At the end of this turn. Not waited for. Tried twice; then it expires by itself, since nobody renews it. */
  giveBack(place: Place): void {
    this.#turn.giveBack(place)
    this.#endTurnInTime()
  }

  /** Not waited for, and no harm where it fails: whoever asks next brings the limit too. */
  setLimit(name: CounterName, limit: number): void {
    // Whoever has asked under the old limit stands in the line by then.
    this.#endTurn()
    const args = [this.keys.channels, limitWord(limit)]
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
    do {
      this.#endTurn()
      // oxlint-disable-next-line no-await-in-loop -- what was under way may ask for more
      await Promise.allSettled(this.#underway)
    } while (this.#underway.size > 0 || this.#turn.size > 0)
  }

  #endTurnInTime(): void {
    if (this.#turn.size >= PORTION) this.#endTurn()
    // After all that the sockets have brought in this turn.
    else if (this.#turn.size === 1) setImmediate(() => this.#endTurn())
  }

  #endTurn(): void {
    const turn = this.#turn
    if (turn.size === 0) return
    this.#turn = new Turn()
    const parts = turn.parts()
    if (this.#oneServer) void this.#track(this.#giveAndTake(parts))
    else for (const part of parts) void this.#track(this.#giveAndTake([part]))
  }

  async #giveAndTake(parts: readonly Part[]): Promise<void> {
    const asked = parts.flatMap((part) => part.asked)
    const tooLate = () => asked.forEach((place) => this.giveBack(place))
    let reply: unknown[]
    try {
      reply = (await this.#run(parts, tooLate)) as unknown[]
    } catch (cause) {
      for (const place of asked) this.#hears.onFailed(place, cause)
      const back = parts.filter((part) => part.back.length > 0).map((part) => ({ ...part, asked: [] }))
      if (back.length > 0) await this.#run(back).catch(this.#hears.onReleaseFailed)
      return
    }
    let at = 0
    for (const place of asked) {
      const told = Number(reply[at++])
      const state = told > 0 ? 'open' : told < 0 ? 'refused' : 'waiting'
      this.#hears.onAnswered(place, state, Number(reply[at++]))
    }
  }

  #run(parts: readonly Part[], onLate?: () => void): Promise<unknown> {
    const counters = parts.map(({ counter }) => counter)
    const args = [this.keys.channels, this.#leaseMs, ...wordsOf(parts)]
    return this.#runner.run(GIVE_AND_TAKE, counters, args, onLate)
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

function stateOf(letter: string | undefined): PlaceState {
  if (letter === 'o') return 'open'
  return letter === 'w' ? 'waiting' : 'lost'
}
