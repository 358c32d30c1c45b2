import type { CounterName } from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import { inLanes } from './lanes.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import type { Places } from './places.js'
import { Renewal, type OnRenewed, type PlaceState } from './renewal.js'
import { ScriptRunner } from './script-runner.js'
import { GIVE_AND_TAKE, RENEW } from './scripts.js'
import { Turn, wordsOf, type Part } from './turn.js'
import type { Underway } from './underway.js'

/** How many places a command names: renewing them is about half a millisecond of Redis's time, taking them about two. */
const PORTION = 500

/** Who hears what Redis has answered. */
export interface CommandsListener {
  onAnswered(place: Place, state: PlaceState, inUse: number): void
  /** A place that was asked for; whether Redis has it is not known. */
  onFailed(place: Place, cause: unknown): void
  /** Redis has answered after the time limit, when nobody waits for it any more. */
  onLate(place: Place): void
  onReleaseFailed(place: Place, cause: unknown): void
}

/** What a process asks of Redis, and what of it is still under way. */
export class Commands {
  readonly keys: Keys
  readonly #runner: ScriptRunner
  readonly #leaseMs: string
  readonly #oneServer: boolean
  readonly #hears: CommandsListener
  #turn = new Turn()

  constructor(
    { client, prefix, leaseMs, timeoutMs }: CheckedOptions,
    private readonly underway: Underway,
    hears: CommandsListener,
  ) {
    this.keys = keysUnder(prefix)
    this.#runner = new ScriptRunner(client.send, timeoutMs)
    this.#leaseMs = String(leaseMs)
    this.#oneServer = client.oneServer
    this.#hears = hears
  }

  /** Asked for at the end of this turn. */
  ask(place: Place): void {
    this.#turn.ask(place)
    this.#endTurnInTime()
  }

  /** At the end of this turn. Not waited for. */
  giveBack(place: Place): void {
    this.#turn.giveBack(place)
    this.#endTurnInTime()
  }

  /** Rejects with the first failure; `onGivenBack` is told of each that Redis knows of by then. */
  giveBackAll(places: Places, onGivenBack: (place: Place) => void): Promise<void> {
    const given = inLanes(places.portions(PORTION, !this.#oneServer), async (portion) => {
      const parts = [...portion].map(([counter, back]) => ({ counter, limit: undefined, back, asked: [] }))
      await this.#run(parts)
      for (const { back } of parts) back.forEach(onGivenBack)
    })
    return this.underway.track(given)
  }

  /**
   * At the end of this turn, so that what is given back after it is given under it, whether Redis knows the script or not. Not waited for, and
   * no harm where it fails: whoever asks next brings the limit too.
   */
  setLimit(name: CounterName, limit: number): void {
    const counter = this.keys.counter(name)
    // Those who asked before bring the limit that it replaces.
    if (this.#turn.asksFor(counter)) this.#endTurn()
    this.#turn.setLimit(counter, limit)
    this.#endTurnInTime()
  }

  /**
   * Tells Redis that these places live on, all of a process in few commands, and tells what has become of each: what is not there any more is
   * counted again while fewer than `mostOf` are open. Rejects with the first failure.
   */
  renew(places: Places, mostOf: (those: readonly Place[]) => number, onRenewed: OnRenewed): Promise<void> {
    const renewed = inLanes(places.portions(PORTION, !this.#oneServer), async (portion) => {
      const renewal = new Renewal(portion, mostOf)
      const args = [this.keys.channels, this.#leaseMs, ...renewal.words]
      renewal.answered((await this.#runner.run(RENEW, renewal.keys, args)) as unknown[], onRenewed)
    })
    return this.underway.track(renewed)
  }

  /** Rejects where the server of one of these counters cannot be reached: in a cluster each has its own. */
  async visit(counters: Iterable<string>): Promise<void> {
    const visits = [...counters].map((counter) =>
      this.#runner.run(RENEW, [counter], [this.keys.channels, this.#leaseMs, '0', '0']).catch(unlessForeign),
    )
    await this.underway.track(Promise.all(visits))
  }

  /** Nothing is under way any more: each command has its time limit. */
  async settled(): Promise<void> {
    do {
      this.#endTurn()
      // oxlint-disable-next-line no-await-in-loop -- what was under way may ask for more
      await this.underway.settled()
    } while (!this.underway.none || this.#turn.size > 0)
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
    if (this.#oneServer) void this.underway.track(this.#giveAndTake(parts))
    else for (const part of parts) void this.underway.track(this.#giveAndTake([part]))
  }

  async #giveAndTake(parts: readonly Part[]): Promise<void> {
    const asked = parts.flatMap((part) => part.asked)
    const tooLate = () => asked.forEach((place) => this.#hears.onLate(place))
    let reply: unknown[]
    try {
      reply = (await this.#run(parts, tooLate)) as unknown[]
    } catch (cause) {
      for (const { back } of parts) for (const place of back) this.#hears.onReleaseFailed(place, cause)
      for (const place of asked) this.#hears.onFailed(place, cause)
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
}

/** Somebody else's key under a name of ours is a fault, but no outage. */
function unlessForeign(failure: unknown): void {
  const cause = failure instanceof Error ? failure.cause : undefined
  if (!(cause instanceof Error) || !cause.message.includes('WRONGTYPE')) throw failure
}
