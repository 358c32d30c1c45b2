import { StoreError, type CounterName } from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import type { CheckedOptions } from './options.js'
import type { Place } from './place.js'
import type { Places, Portion } from './places.js'
import { nameOfProcess } from './name-of-process.js'
import { ScriptRunner } from './script-runner.js'
import { ACQUIRE, BEAT, RELEASE, RENEW, SET_LIMIT } from './scripts.js'

/** What Redis says of a place. */
export type PlaceState = 'open' | 'waiting' | 'again' | 'lost'

/** `Infinity`, as far as a script counts. */
export const MOST = 1e14
/** How many places a command names: renewing them is about half a millisecond of Redis's time. */
const PORTION = 500
/** How many commands about many places are on their way at once. */
const LANES = 16
/** A process that has not said for so long that it lives is forgotten. */
const PROCESS_MS = 5000
/** So many unanswered attempts to reach Redis may wait in a client; beyond it there is one more now and then. */
const MOST_UNANSWERED = 8
const NOW_AND_THEN_MS = 5000

export type OnRenewed = (place: Place, state: PlaceState, inUse: number) => void

/** What a process asks of Redis, and what of it is still under way. */
export class Commands {
  readonly keys: Keys
  readonly #runner: ScriptRunner
  readonly #beats: ScriptRunner
  readonly #leaseMs: string
  readonly #oneServer: boolean
  readonly #underway = new Set<Promise<unknown>>()
  #beatAt = -Infinity

  constructor({ client, prefix, leaseMs, timeoutMs }: CheckedOptions) {
    this.keys = keysUnder(prefix)
    this.#runner = new ScriptRunner(client.send, timeoutMs)
    this.#beats = new ScriptRunner(client.send, timeoutMs)
    this.#leaseMs = String(leaseMs)
    this.#oneServer = client.oneServer
  }

  async acquire(place: Place, onLate: () => void): Promise<['open' | 'waiting' | 'refused', inUse: number]> {
    const { id, limit, maxWaiting, counter } = place
    const args = [id, this.#leaseMs, limitText(limit), String(maxWaiting), this.keys.channels]
    const reply = (await this.#track(this.#runner.run(ACQUIRE, [counter], args, onLate))) as unknown[]
    const told = Number(reply[0])
    return [told > 0 ? 'open' : told < 0 ? 'refused' : 'waiting', Number(reply[1])]
  }

  /** Places of one counter. What is not there any more changes nothing, so it can be sent twice. */
  giveBack(places: readonly Place[]): Promise<unknown> {
    const args = [this.keys.channels, ...places.map(({ id }) => id)]
    return this.#track(this.#runner.run(RELEASE, [places[0]!.counter], args))
  }

  /** Rejects with the first failure; `onGivenBack` is told what has been done by then. */
  giveBackAll(places: Places, onGivenBack?: (places: readonly Place[]) => void): Promise<void> {
    return this.#inLanes(places.portions(PORTION, true), async (portion) => {
      for (const those of portion.values()) {
        // oxlint-disable-next-line no-await-in-loop -- there is one: the portion is of one counter
        await this.giveBack(those)
        onGivenBack?.(those)
      }
    })
  }

  /** Not waited for, and no harm where it fails: whoever asks next brings the limit too. */
  setLimit(name: CounterName, limit: number): void {
    const args = [this.keys.channels, limitText(limit)]
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
    while (this.#underway.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- what was under way may have sent more
      await Promise.allSettled(this.#underway)
    }
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

function limitText(limit: number): string {
  return String(Math.min(limit, MOST))
}
