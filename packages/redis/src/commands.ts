import { StoreError, type CounterName } from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import { nameOfProcess } from './name-of-process.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import type { Places, Portion } from './places.js'
import { ScriptRunner } from './script-runner.js'
import { BEAT, GIVE_AND_TAKE, RENEW, SET_LIMIT } from './scripts.js'
import { limitWord, Turn, wordsOf, type Part } from './turn.js'

/** What Redis says of a place. `again`: it did not have it any more, and has counted it again. */
export type PlaceState = 'open' | 'waiting' | 'refused' | 'again' | 'lost'

/** How many places a command names: renewing them is about half a millisecond of Redis's time, taking them about two. */
const PORTION = 500
/** How many commands about many places are on their way at once. */
const LANES = 16
/** A process that has not said for so long that it lives is forgotten. */
const PROCESS_MS = 5000
/** So many unanswered attempts to reach Redis may wait in a client; beyond it there is one more now and then. */
const MOST_UNANSWERED = 8
const NOW_AND_THEN_MS = 5000

/** Who hears what Redis has answered. */
export interface CommandsListener {
  onAnswered(place: Place, state: PlaceState, inUse: number): void
  /** A place that was asked for; whether Redis has it is not known. */
  onFailed(place: Place, cause: unknown): void
  /** Redis has answered after the time limit, when nobody waits for it any more. */
  onLate(place: Place): void
  onReleaseFailed(place: Place, cause: unknown): void
}

export type OnRenewed = (place: Place, state: PlaceState, inUse: number) => void

/** What a process asks of Redis, and what of it is still under way. */
export class Commands {
  readonly keys: Keys
  readonly #runner: ScriptRunner
  readonly #beats: ScriptRunner
  readonly #leaseMs: string
  readonly #oneServer: boolean
  readonly #hears: CommandsListener
  #turn = new Turn()
  readonly #underway = new Set<Promise<unknown>>()
  #beatAt = -Infinity

  constructor({ client, prefix, leaseMs, timeoutMs }: CheckedOptions, hears: CommandsListener) {
    this.keys = keysUnder(prefix)
    this.#runner = new ScriptRunner(client.send, timeoutMs)
    this.#beats = new ScriptRunner(client.send, timeoutMs)
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
    return this.#inLanes(places.portions(PORTION, !this.#oneServer), async (portion) => {
      const parts = [...portion].map(([counter, back]) => ({ counter, back, asked: [] }))
      await this.#run(parts)
      for (const { back } of parts) back.forEach(onGivenBack)
    })
  }

  /** Not waited for, and no harm where it fails: whoever asks next brings the limit too. */
  setLimit(name: CounterName, limit: number): void {
    const args = [this.keys.channels, limitWord(limit)]
    void this.#track(this.#runner.run(SET_LIMIT, [this.keys.counter(name)], args).catch(() => undefined))
  }

  /**
   * Tells Redis that these places live on, all of a process in few commands, and tells what has become of each: what is not there any more is
   * counted again while fewer than `mostOf` are open. Rejects with the first failure.
   */
  renew(places: Places, mostOf: (those: readonly Place[]) => number, onRenewed: OnRenewed): Promise<void> {
    return this.#inLanes(places.portions(PORTION, !this.#oneServer), (portion) =>
      this.#renewPortion(portion, mostOf, onRenewed),
    )
  }

  /** Says that this process lives, and answers how many do. */
  async beat(): Promise<number> {
    const now = performance.now()
    // A client that has lost its connection queues what it is told: an outage of a day must not fill the memory.
    if (this.#beats.unanswered >= MOST_UNANSWERED && now - this.#beatAt < NOW_AND_THEN_MS)
      throw new StoreError('Redis has not answered yet')
    this.#beatAt = now
    return Number(await this.#beat(PROCESS_MS))
  }

  /** This process is not counted any more, unless another store of it says that it lives. */
  async end(): Promise<void> {
    if (this.#beatAt > 0) await this.#beat(0).catch(() => undefined)
  }

  /** Rejects where the server of one of these counters cannot be reached: in a cluster each has its own. */
  async visit(counters: Iterable<string>): Promise<void> {
    const visits = [...counters].map((counter) =>
      this.#runner.run(RENEW, [counter], [this.keys.channels, this.#leaseMs, '0', '0']).catch(unlessForeign),
    )
    await this.#track(Promise.all(visits))
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

  #beat(lastsMs: number): Promise<unknown> {
    return this.#track(this.#beats.run(BEAT, [this.keys.processes], [nameOfProcess(), String(lastsMs)]))
  }

  async #inLanes(portions: Iterable<Portion>, send: (portion: Portion) => Promise<void>): Promise<void> {
    // As they are now: those who come meanwhile are in the next round.
    const left = [...portions]
    const failures: unknown[] = []
    const lane = async () => {
      // Where one fails the others would fill the queue of a client that has lost its connection.
      while (left.length > 0 && failures.length === 0)
        // oxlint-disable-next-line no-await-in-loop -- what is sent at once is bounded by the lanes
        await send(left.pop()!).catch((cause: unknown) => failures.push(cause))
    }
    await this.#track(Promise.all(Array.from({ length: Math.min(LANES, left.length) }, lane)))
    if (failures.length > 0) throw failures[0]
  }

  async #renewPortion(
    portion: Portion,
    mostOf: (those: readonly Place[]) => number,
    onRenewed: OnRenewed,
  ): Promise<void> {
    const args = [this.keys.channels, this.#leaseMs]
    // Without those that were given back meanwhile: they would be counted again.
    const counters = [...portion].map(([key, all]) => [key, all.filter(isKnown)] as const)
    for (const [, places] of counters)
      args.push(String(mostOf(places)), String(places.length), ...places.map(({ id }) => id))
    const keys = counters.map(([key]) => key)
    const reply = (await this.#runner.run(RENEW, keys, args)) as unknown[]
    let at = 0
    for (const [, places] of counters) {
      const inUse = Number(reply[at++])
      const states = String(reply[at++])
      for (const [i, place] of places.entries()) onRenewed(place, STATES[states[i]!] ?? 'lost', inUse)
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work)
    const done = () => void this.#underway.delete(work)
    work.then(done, done)
    return work
  }
}

const STATES: Record<string, PlaceState> = { o: 'open', w: 'waiting', a: 'again', l: 'lost' }

/** Somebody else's key under a name of ours is a fault, but no outage. */
function unlessForeign(failure: unknown): void {
  const cause = failure instanceof Error ? failure.cause : undefined
  if (!(cause instanceof Error) || !cause.message.includes('WRONGTYPE')) throw failure
}

function isKnown({ state }: Place): boolean {
  return state === 'open' || state === 'waiting'
}
