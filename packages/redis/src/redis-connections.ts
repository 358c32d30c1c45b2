import { randomBytes } from 'node:crypto'
import { setTimeout as passed } from 'node:timers/promises'
import {
  StoreError,
  type ConnectionStore,
  type CounterName,
  type Lease,
  type LeaseAsk,
  type StoreState,
  type StoreWarning,
  type Voice,
  type VoiceListener,
} from '@api-terms/core'
import { Commands, type PlaceState } from './commands.js'
import { checkOptions, type CheckedOptions, type RedisConnectionsOptions } from './options.js'
import { Place, type PlaceKeeper } from './place.js'
import { Places } from './places.js'
import { Reach } from './reach.js'
import { RedisVoice } from './redis-voice.js'
import { Rounds } from './rounds.js'
import { MOST } from './turn.js'
import { Wakefulness } from './wakefulness.js'
import { WakeUps } from './wake-ups.js'

/**
 * Counts connections in Redis or Valkey, together with every other process that uses the same `prefix` there. Exact: each step is
 * one script, and Redis's clock decides.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisConnections(options: RedisConnectionsOptions): ConnectionStore {
  return new RedisConnections(checkOptions(options))
}

/** A process says so often that it lives. */
const BEAT_MS = 1000
/** How soon it says so for the first time. */
const FIRST_BEAT_MS = 250
/** How many counters whose server has failed are looked at again before an outage is over. */
const MOST_SUSPECTS = 64

class RedisConnections implements ConnectionStore, PlaceKeeper {
  readonly #options: CheckedOptions
  /** No other process, and none before it, has the same. */
  readonly #process = randomBytes(9).toString('base64url')
  #serial = 0
  /** Those whom a message may wake, by id: it may come before the answer that there is a wait. */
  readonly #line = new Map<string, Place>()
  readonly #waiting = new Places()
  readonly #open = new Places()
  /** Those of the open that were let in without Redis, which does not know of them yet. */
  readonly #uncounted = new Places()
  /** Given back while Redis was away: it is told as it is back. */
  readonly #owed = new Places()
  readonly #commands: Commands
  readonly #wakeUps: WakeUps
  readonly #beats: Rounds
  readonly #renewals: Rounds
  readonly #looks: Rounds
  readonly #reach: Reach
  readonly #wakefulness: Wakefulness
  /** How often the process had paused as everything was renewed last. */
  #pausesKnown = 0
  readonly #suspects = new Set<string>()
  readonly #lostListeners = new Set<(lease: Lease) => void>()
  readonly #stateListeners = new Set<(state: StoreState, cause?: unknown) => void>()
  readonly #warningListeners = new Set<(warning: StoreWarning) => void>()
  #toldOwed = false
  /** How many lived when it was last known, this one included. */
  processes = 1
  #hasBeaten = false
  #closing: Promise<void> | undefined

  constructor(options: CheckedOptions) {
    const { client, leaseMs } = options
    this.#options = options
    this.#commands = new Commands(options, {
      onAnswered: (place, state, inUse) => this.#answered(place, state, inUse),
      onFailed: (place, cause) => this.#askFailed(place, cause),
      onLate: (place) => this.#giveBack(place),
      onReleaseFailed: (place, cause) => {
        this.#owed.add(place)
        this.#failed(place, cause)
      },
    })
    this.#wakefulness = new Wakefulness(leaseMs / 2)
    this.#reach = new Reach(
      (outage) => this.#recover(outage),
      (state, cause) => this.#reached(state, cause),
    )
    this.#wakeUps = new WakeUps(client, `${this.#commands.keys.channels}${this.#process}`, {
      onWoken: (id, inUse) => this.#woken(id, inUse),
      onStarted: () => this.#looks.hurry(),
      onFailed: (cause) => this.#warn('subscription-failed', 'wake-ups are not heard', cause),
    })
    // While Redis is away nothing is sent but attempts to reach it, which do the same.
    const whileAvailable = (work: () => Promise<unknown>) => async () => {
      if (this.#reach.state === 'available') await work().catch((cause: unknown) => this.#reach.failed(cause))
    }
    // More often than a pause that would cost a lease.
    this.#beats = new Rounds(
      () => (this.#hasBeaten ? Math.min(BEAT_MS, leaseMs / 4) : FIRST_BEAT_MS),
      () => true,
      whileAvailable(() => this.#beat()),
    )
    this.#renewals = new Rounds(
      () => leaseMs / 3,
      () => !this.#open.empty,
      whileAvailable(() => this.#renewOpen(this.#open)),
    )
    // Looking after the line renews it too.
    this.#looks = new Rounds(
      () => Math.min(this.#wakeUps.lookMs, leaseMs / 3),
      () => !this.#waiting.empty,
      whileAvailable(() =>
        this.#commands.renew(
          this.#waiting,
          () => 0,
          (place, state, inUse) => this.#looked(place, state, inUse),
        ),
      ),
    )
    this.#beats.start()
  }

  acquire(ask: LeaseAsk): Place {
    const place = this.#placeFor(ask)
    if (place.maxWaiting > 0) {
      this.#line.set(place.id, place)
      this.#wakeUps.start()
    }
    this.#commands.ask(place)
    return place
  }

  adopt(ask: LeaseAsk): Lease {
    const place = this.#placeFor(ask)
    place.grant(1)
    this.#opened(place)
    this.#uncounted.add(place)
    // Else it is counted as Redis is back.
    if (this.#reach.state === 'available') this.#countUncounted()
    return place
  }

  release(lease: Lease): void {
    const place = lease as Place
    if (place.state !== 'open') return
    this.#forget(place)
    this.#giveBack(place)
  }

  left(place: Place): void {
    const { state } = place
    if (state !== 'asking' && state !== 'waiting') return
    if (state === 'waiting') {
      this.#forget(place)
      this.#giveBack(place)
    }
    place.refuse(place.inUse)
    // Its answer is still to come: what that grants is given back then.
    if (state === 'asking') place.state = 'left'
  }

  setLimit(name: CounterName, limit: number): void {
    if (this.#reach.state === 'available') this.#commands.setLimit(name, limit)
  }

  onLost(listener: (lease: Lease) => void): () => void {
    return listening(this.#lostListeners, listener)
  }

  onState(listener: (state: StoreState, cause?: unknown) => void): () => void {
    // Not before whoever asks has been built.
    if (this.#reach.state !== 'available') queueMicrotask(() => listener(this.#reach.state))
    return listening(this.#stateListeners, listener)
  }

  onWarning(listener: (warning: StoreWarning) => void): () => void {
    return listening(this.#warningListeners, listener)
  }

  voice(api: string, process: string, listener: VoiceListener): Voice {
    const { client, timeoutMs } = this.#options
    return new RedisVoice({
      client,
      timeoutMs,
      keys: this.#commands.keys.voice(api),
      name: process,
      listener,
    })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #placeFor(ask: LeaseAsk): Place {
    if (this.#closing) throw new StoreError('the connection store is closed')
    const id = `${this.#process}.${(++this.#serial).toString(36)}`
    return new Place(this, id, this.#commands.keys.counter(ask), ask)
  }

  #askFailed(place: Place, cause: unknown): void {
    this.#line.delete(place.id)
    // Redis may have granted it all the same.
    this.#owed.add(place)
    this.#failed(place, cause)
    if (place.state === 'asking') place.fail(cause)
  }

  #answered(place: Place, state: PlaceState, inUse: number): void {
    place.inUse = inUse
    if (place.state === 'left' || this.#closing) {
      this.#line.delete(place.id)
      if (state !== 'refused') this.#giveBack(place)
      if (place.state === 'asking') place.refuse(inUse)
    } else if (state === 'open') {
      this.#granted(place, inUse)
    } else if (state === 'refused') {
      this.#line.delete(place.id)
      place.refuse(inUse)
    } else if (place.state === 'asking') {
      place.wait()
      this.#waiting.add(place)
      this.#looks.start()
    }
  }

  #granted(place: Place, inUse: number): void {
    if (place.state !== 'asking' && place.state !== 'waiting') return
    this.#forget(place)
    place.grant(inUse)
    this.#opened(place)
  }

  #opened(place: Place): void {
    // A pause costs nothing where nothing was open.
    if (this.#open.empty) this.#pausesKnown = this.#wakefulness.pauses()
    this.#open.add(place)
    this.#renewals.start()
  }

  #woken(id: string, inUse: number): void {
    const place = this.#line.get(id)
    if (place) this.#granted(place, inUse)
  }

  #looked(place: Place, state: PlaceState, inUse: number): void {
    place.inUse = inUse
    if (state === 'open') return this.#granted(place, inUse)
    if (state !== 'lost' || place.state !== 'waiting') return
    // Redis has lost the line, or this process has slept for too long: from the end of the line again.
    this.#waiting.remove(place)
    place.state = 'asking'
    this.#commands.ask(place)
  }

  /** Whoever gives back is not kept waiting; where it fails it is done as Redis is back. */
  #giveBack(place: Place): void {
    if (this.#reach.state === 'available' || this.#closing) return this.#commands.giveBack(place)
    this.#owed.add(place)
    this.#warnOfOwed(undefined)
  }

  /** This process is done with it, whatever Redis still holds. */
  #forget(place: Place): void {
    this.#line.delete(place.id)
    this.#waiting.remove(place)
    if (place.state !== 'open') return
    this.#open.remove(place)
    this.#uncounted.remove(place)
    place.state = 'over'
  }

  #failed({ counter }: Place, cause: unknown): void {
    const { oneServer } = this.#options.client
    if (!oneServer && this.#suspects.size < MOST_SUSPECTS) this.#suspects.add(counter)
    this.#reach.failed(cause)
    if (this.#reach.state === 'unavailable') this.#warnOfOwed(cause)
  }

  #reached(state: StoreState, cause: unknown): void {
    if (state === 'unavailable') {
      if (!this.#open.empty) this.#warn('renewal-failed', 'leases cannot be renewed: Redis is away', cause)
      this.#warnOfOwed(cause)
    } else if (state === 'available') {
      this.#toldOwed = false
      // Those who came and went after everything was counted: before whoever asks Redis from now on.
      if (!this.#owed.empty) this.#giveBackOwed().catch((failure: unknown) => this.#reach.failed(failure))
      if (!this.#uncounted.empty) this.#countUncounted()
    }
    for (const listener of this.#stateListeners) listener(state, cause)
  }

  async #beat(): Promise<void> {
    this.#hasBeaten = true
    this.#wakefulness.pauses()
    this.processes = Math.max(1, await this.#commands.beat())
  }

  /** Everything that is held is counted again, and what was given back meanwhile is not any more. */
  async #recover(outage: boolean): Promise<void> {
    await this.#beat()
    const suspects = [...this.#suspects]
    await this.#commands.visit(suspects)
    for (const counter of suspects) this.#suspects.delete(counter)
    await this.#giveBackOwed()
    await this.#renewOpen(outage ? this.#open : this.#uncounted)
  }

  #giveBackOwed(): Promise<void> {
    return this.#commands.giveBackAll(this.#owed, (place) => this.#owed.remove(place))
  }

  #countUncounted(): void {
    this.#renewOpen(this.#uncounted).catch((cause: unknown) => this.#reach.failed(cause))
  }

  async #renewOpen(places: Places): Promise<void> {
    const pauses = this.#wakefulness.pauses()
    const hasPaused = pauses !== this.#pausesKnown
    const mostOf = hasPaused ? (those: readonly Place[]) => this.#mostAfterPause(those) : () => MOST
    const found = { again: 0, lost: 0 }
    await this.#commands.renew(places, mostOf, (place, state, inUse) => {
      place.inUse = inUse
      if (place.state !== 'open') return
      const wasUncounted = this.#uncounted.remove(place)
      if (state === 'again' && !wasUncounted) found.again++
      if (state !== 'lost') return
      found.lost++
      this.#forget(place)
      for (const listener of this.#lostListeners) listener(place)
    })
    if (places === this.#open) this.#pausesKnown = pauses
    if (found.again + found.lost > 0) this.#warnOfLost(found, hasPaused)
  }

  /** Others may have had the slots since: never above the limit, as it was told last. */
  #mostAfterPause(places: readonly Place[]): number {
    if (this.#options.whenLeaseLost === 'end') return 0
    return Math.min(MOST, places.at(-1)?.limit ?? 0)
  }

  #warnOfLost({ again, lost }: { again: number; lost: number }, hasPaused: boolean): void {
    const whose = hasPaused ? 'this process was paused' : 'Redis has lost them'
    const message = `${again + lost} leases were over while they were held (${whose}): ${again} are counted again, ${lost} connections end`
    this.#warn('leases-lost', message, undefined)
  }

  #warnOfOwed(cause: unknown): void {
    if (this.#owed.empty || this.#toldOwed || this.#reach.state !== 'unavailable') return
    this.#toldOwed = true
    this.#warn('release-failed', 'connections are given back once Redis is back, or expire', cause)
  }

  #warn(code: StoreWarning['code'], message: string, cause: unknown): void {
    const warning = { code, message, cause }
    this.#options.warn(warning)
    for (const listener of this.#warningListeners) listener(warning)
  }

  async #close(): Promise<void> {
    this.#reach.close()
    for (const rounds of [this.#beats, this.#renewals, this.#looks]) rounds.stop()
    for (const place of this.#line.values()) place.leave()
    for (const place of this.#open.all()) this.#owed.add(place)
    for (const place of this.#owed.all()) this.#forget(place)
    this.#giveBackOwed().catch((cause: unknown) => {
      this.#warn('release-failed', 'connections were not given back as the store closed: they expire', cause)
    })
    await Promise.all([this.#commands.end(), this.#commands.settled()])
    // A cluster's client may queue this for as long as it is cut off.
    await Promise.race([this.#wakeUps.close(), passed(this.#options.timeoutMs, undefined, { ref: false })])
  }
}

/** Answers what ends the listening. */
function listening<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
