import { randomBytes } from 'node:crypto'
import {
  StoreError,
  type ConnectionStore,
  type CounterName,
  type Lease,
  type LeaseAsk,
} from '@api-terms/core'
import { keysUnder, type Keys } from './keys.js'
import { checkOptions, type CheckedOptions, type RedisConnectionsOptions } from './options.js'
import { Place, type PlaceKeeper } from './place.js'
import { Places } from './places.js'
import { renew, type RenewalOptions } from './renewal.js'
import { Rounds } from './rounds.js'
import { ScriptRunner } from './script-runner.js'
import { ACQUIRE, RELEASE, SET_LIMIT } from './scripts.js'
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

/** `Infinity`, as far as a script counts. */
const MOST = 1e14

class RedisConnections implements ConnectionStore, PlaceKeeper {
  readonly #options: CheckedOptions
  readonly #keys: Keys
  readonly #runner: ScriptRunner
  /** No other process, and none before it, has the same. */
  readonly #process = randomBytes(9).toString('base64url')
  #serial = 0
  /** Those whom a message may wake, by id: it may come before the answer that there is a wait. */
  readonly #line = new Map<string, Place>()
  readonly #waiting = new Places()
  readonly #open = new Places()
  readonly #wakeUps: WakeUps
  readonly #renewals: Rounds
  readonly #looks: Rounds
  readonly #lostListeners = new Set<(lease: Lease) => void>()
  readonly #underway = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(options: CheckedOptions) {
    this.#options = options
    const { client, prefix, leaseMs, timeoutMs } = options
    this.#keys = keysUnder(prefix)
    this.#runner = new ScriptRunner(client.send, timeoutMs)
    const renewal: RenewalOptions = {
      runner: this.#runner,
      channels: this.#keys.channels,
      leaseMs,
      oneServer: client.oneServer,
      onRenewed: (place, state, inUse) => this.#renewed(place, state, inUse),
      onFailed: (cause) => this.#warn('renewal-failed', 'leases could not be renewed', cause),
    }
    this.#wakeUps = new WakeUps(
      client,
      `${this.#keys.channels}${this.#process}`,
      (id, inUse) => this.#woken(id, inUse),
      () => this.#looks.hurry(),
      (cause) => this.#warn('subscription-failed', 'wake-ups are not heard', cause),
    )
    const some = (places: Places) => () => !places.empty
    const renewed = (places: Places) => () => this.#track(renew(places, renewal))
    this.#renewals = new Rounds(() => leaseMs / 3, some(this.#open), renewed(this.#open))
    // Looking after the line renews it too.
    const lookMs = () => Math.min(this.#wakeUps.lookMs, leaseMs / 3)
    this.#looks = new Rounds(lookMs, some(this.#waiting), renewed(this.#waiting))
  }

  acquire(ask: LeaseAsk): Place {
    if (this.#closing) throw new StoreError('the connection store is closed')
    const maxWaiting = ask.waitMs > 0 ? ask.maxWaiting : 0
    const id = `${this.#process}.${(++this.#serial).toString(36)}`
    const place = new Place(this, id, this.#keys.counter(ask), ask.limit, ask.waitMs, maxWaiting)
    if (maxWaiting > 0) {
      this.#line.set(id, place)
      this.#wakeUps.start()
    }
    this.#ask(place)
    return place
  }

  release(lease: Lease): void {
    const place = lease as Place
    if (place.state !== 'open') return
    this.#forget(place)
    this.#giveBack([place])
  }

  left(place: Place): void {
    if (place.state === 'asking') {
      place.refuse(place.inUse)
      // Its answer is still to come: what that grants is given back then.
      place.state = 'left'
    } else if (place.state === 'waiting') {
      this.#forget(place)
      place.refuse(place.inUse)
      this.#giveBack([place])
    }
  }

  setLimit(name: CounterName, limit: number): void {
    const args = [this.#keys.channels, String(Math.min(limit, MOST))]
    // Whoever asks next brings the limit too.
    void this.#track(this.#runner.run(SET_LIMIT, [this.#keys.counter(name)], args)).catch(() => undefined)
  }

  onLost(listener: (lease: Lease) => void): () => void {
    this.#lostListeners.add(listener)
    return () => void this.#lostListeners.delete(listener)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #ask(place: Place): void {
    const { leaseMs } = this.#options
    const limit = String(Math.min(place.limit, MOST))
    const args = [place.id, String(leaseMs), limit, String(place.maxWaiting), this.#keys.channels]
    const answered = this.#runner
      .run(ACQUIRE, [place.counter], args, () => this.#giveBack([place]))
      .then(
        (reply) => this.#answered(place, reply as [unknown, unknown]),
        (cause: unknown) => {
          this.#line.delete(place.id)
          if (place.state !== 'left') place.fail(cause)
        },
      )
    void this.#track(answered)
  }

  #answered(place: Place, [told, inUse]: [unknown, unknown]): void {
    const state = Number(told)
    place.inUse = Number(inUse)
    if (place.state === 'left' || this.#closing) {
      this.#line.delete(place.id)
      if (state >= 0) this.#giveBack([place])
      if (place.state === 'asking') place.refuse(place.inUse)
    } else if (state > 0) this.#granted(place, place.inUse)
    else if (state < 0) {
      this.#line.delete(place.id)
      place.refuse(place.inUse)
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

  #renewed(place: Place, state: 'open' | 'waiting' | 'lost', inUse: number): void {
    place.inUse = inUse
    if (state === 'open') this.#granted(place, inUse)
    else if (state === 'lost' && place.state === 'waiting') {
      // Redis has lost the line, or this process has slept for too long: from the end of the line again.
      this.#waiting.remove(place)
      place.state = 'asking'
      this.#ask(place)
    } else if (state === 'lost' && place.state === 'open') {
      this.#forget(place)
      for (const listener of this.#lostListeners) listener(place)
    }
  }

  /** This process is done with it, whatever Redis still holds. */
  #forget(place: Place): void {
    this.#line.delete(place.id)
    const places = place.state === 'open' ? this.#open : this.#waiting
    places.remove(place)
    if (place.state === 'open') place.state = 'over'
  }

  /** Sent and not waited for. Tried twice; then the lease expires by itself, since nobody renews it. */
  #giveBack(places: readonly Place[]): void {
    const args = [this.#keys.channels, ...places.map(({ id }) => id)]
    const give = () => this.#runner.run(RELEASE, [places[0]!.counter], args)
    const given = give()
      .catch(give)
      .catch((cause: unknown) => this.#warn('release-failed', 'a connection could not be given back', cause))
    void this.#track(given)
  }

  async #close(): Promise<void> {
    this.#renewals.stop()
    this.#looks.stop()
    for (const place of this.#line.values()) place.leave()
    for (const portion of this.#open.portions(PORTION, true)) {
      for (const places of portion.values()) this.#giveBack(places)
      for (const places of portion.values()) for (const place of places) place.state = 'over'
    }
    while (this.#underway.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- what is under way may send more
      await Promise.allSettled(this.#underway)
    }
    await this.#wakeUps.close()
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work)
    const done = () => void this.#underway.delete(work)
    work.then(done, done)
    return work
  }

  #warn(code: Parameters<CheckedOptions['onWarning']>[0]['code'], message: string, cause: unknown): void {
    this.#options.onWarning({ code, message, cause })
  }
}

/** How many leases a command gives back as the store closes. */
const PORTION = 500
