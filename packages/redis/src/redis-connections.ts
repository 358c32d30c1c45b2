import { randomBytes } from 'node:crypto'
import { setTimeout as passed } from 'node:timers/promises'
import {
  StoreError,
  type ConnectionStore,
  type CounterName,
  type Lease,
  type LeaseAsk,
  type Voice,
  type VoiceListener,
} from '@api-terms/core'
import type { Connected } from './client.js'
import { Commands, type PlaceState } from './commands.js'
import { checkOptions, type CheckedOptions, type RedisConnectionsOptions } from './options.js'
import { Place, type PlaceKeeper } from './place.js'
import { Places } from './places.js'
import { RedisVoice } from './redis-voice.js'
import { Rounds } from './rounds.js'
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

class RedisConnections implements ConnectionStore, PlaceKeeper {
  readonly #client: Connected
  readonly #timeoutMs: number
  /** No other process, and none before it, has the same. */
  readonly #process = randomBytes(9).toString('base64url')
  #serial = 0
  /** Those whom a message may wake, by id: it may come before the answer that there is a wait. */
  readonly #line = new Map<string, Place>()
  readonly #waiting = new Places()
  readonly #open = new Places()
  readonly #commands: Commands
  readonly #wakeUps: WakeUps
  readonly #renewals: Rounds
  readonly #looks: Rounds
  readonly #lostListeners = new Set<(lease: Lease) => void>()
  #closing: Promise<void> | undefined

  constructor({ client, prefix, leaseMs, timeoutMs, warn }: CheckedOptions) {
    this.#client = client
    this.#timeoutMs = timeoutMs
    const whenFailed = (code: Parameters<typeof warn>[0], message: string) => (cause: unknown) =>
      warn(code, message, cause)
    this.#commands = new Commands(
      { client, prefix, leaseMs, timeoutMs, warn },
      {
        onAnswered: (place, state, inUse) => this.#answered(place, state, inUse),
        onFailed: (place, cause) => this.#failed(place, cause),
        onReleaseFailed: whenFailed('release-failed', 'a connection could not be given back'),
      },
    )
    this.#wakeUps = new WakeUps(client, `${this.#commands.keys.channels}${this.#process}`, {
      onWoken: (id, inUse) => this.#woken(id, inUse),
      onStarted: () => this.#looks.hurry(),
      onFailed: whenFailed('subscription-failed', 'wake-ups are not heard'),
    })
    const renewed = (place: Place, state: PlaceState, inUse: number) => this.#renewed(place, state, inUse)
    const failed = whenFailed('renewal-failed', 'leases could not be renewed')
    const renewing = (places: Places, pauseMs: () => number) =>
      new Rounds(
        pauseMs,
        () => !places.empty,
        () => this.#commands.renew(places, renewed).catch(failed),
      )
    this.#renewals = renewing(this.#open, () => leaseMs / 3)
    // Looking after the line renews it too.
    this.#looks = renewing(this.#waiting, () => Math.min(this.#wakeUps.lookMs, leaseMs / 3))
  }

  acquire(ask: LeaseAsk): Place {
    if (this.#closing) throw new StoreError('the connection store is closed')
    const id = `${this.#process}.${(++this.#serial).toString(36)}`
    const place = new Place(this, id, this.#commands.keys.counter(ask), ask)
    if (place.maxWaiting > 0) {
      this.#line.set(id, place)
      this.#wakeUps.start()
    }
    this.#commands.ask(place)
    return place
  }

  release(lease: Lease): void {
    const place = lease as Place
    if (place.state !== 'open') return
    this.#forget(place)
    this.#commands.giveBack(place)
  }

  left(place: Place): void {
    const { state } = place
    if (state !== 'asking' && state !== 'waiting') return
    if (state === 'waiting') {
      this.#forget(place)
      this.#commands.giveBack(place)
    }
    place.refuse(place.inUse)
    // Its answer is still to come: what that grants is given back then.
    if (state === 'asking') place.state = 'left'
  }

  setLimit(name: CounterName, limit: number): void {
    this.#commands.setLimit(name, limit)
  }

  onLost(listener: (lease: Lease) => void): () => void {
    this.#lostListeners.add(listener)
    return () => void this.#lostListeners.delete(listener)
  }

  voice(api: string, process: string, listener: VoiceListener): Voice {
    const keys = this.#commands.keys.voice(api)
    return new RedisVoice({ client: this.#client, timeoutMs: this.#timeoutMs, keys, name: process, listener })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #failed(place: Place, cause: unknown): void {
    this.#line.delete(place.id)
    if (place.state === 'asking') place.fail(cause)
  }

  #answered(place: Place, state: PlaceState, inUse: number): void {
    place.inUse = inUse
    if (place.state === 'left' || this.#closing) {
      this.#line.delete(place.id)
      if (state !== 'refused') this.#commands.giveBack(place)
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
    this.#open.add(place)
    this.#renewals.start()
  }

  #woken(id: string, inUse: number): void {
    const place = this.#line.get(id)
    if (place) this.#granted(place, inUse)
  }

  #renewed(place: Place, state: PlaceState, inUse: number): void {
    place.inUse = inUse
    if (state === 'open') this.#granted(place, inUse)
    else if (state === 'lost' && place.state === 'waiting') {
      // Redis has lost the line, or this process has slept for too long: from the end of the line again.
      this.#waiting.remove(place)
      place.state = 'asking'
      this.#commands.ask(place)
    } else if (state === 'lost' && place.state === 'open') {
      this.#forget(place)
      for (const listener of this.#lostListeners) listener(place)
    }
  }

  /** This process is done with it, whatever Redis still holds. */
  #forget(place: Place): void {
    this.#line.delete(place.id)
    this.#waiting.remove(place)
    if (place.state !== 'open') return
    this.#open.remove(place)
    place.state = 'over'
  }

  async #close(): Promise<void> {
    this.#renewals.stop()
    this.#looks.stop()
    for (const place of this.#line.values()) place.leave()
    for (const place of this.#open.all()) {
      this.#forget(place)
      this.#commands.giveBack(place)
    }
    await this.#commands.settled()
    // A cluster's client may queue this for as long as it is cut off.
    await Promise.race([this.#wakeUps.close(), passed(this.#timeoutMs, undefined, { ref: false })])
  }
}
