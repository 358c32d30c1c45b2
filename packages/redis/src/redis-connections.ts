import { randomBytes } from 'node:crypto'
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
import { Asks } from './asks.js'
import { Commands } from './commands.js'
import { Heartbeat } from './heartbeat.js'
import { Leases } from './leases.js'
import { Line } from './line.js'
import { Listeners } from './listeners.js'
import { checkOptions, type CheckedOptions, type RedisConnectionsOptions } from './options.js'
import { Place } from './place.js'
import { Reach } from './reach.js'
import { RedisVoice } from './redis-voice.js'
import { Releases } from './releases.js'
import { Suspects } from './suspects.js'
import { Underway } from './underway.js'
import { Wakefulness } from './wakefulness.js'
import { Warnings } from './warnings.js'

/**
 * Counts connections in Redis or Valkey, together with every other process that uses the same `prefix` there. Exact: each step is
 * one script, and Redis's clock decides.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function redisConnections(options: RedisConnectionsOptions): ConnectionStore {
  return new RedisConnections(checkOptions(options))
}

class RedisConnections implements ConnectionStore {
  readonly #options: CheckedOptions
  /** No other process, and none before it, has the same. */
  readonly #process = randomBytes(9).toString('base64url')
  #serial = 0
  readonly #asks: Asks
  readonly #commands: Commands
  readonly #reach: Reach
  readonly #heartbeat: Heartbeat
  readonly #line: Line
  readonly #leases: Leases
  readonly #releases: Releases
  readonly #suspects: Suspects
  readonly #warnings: Warnings
  readonly #states = new Listeners<[StoreState, unknown?]>()
  #closing: Promise<void> | undefined

  constructor(options: CheckedOptions) {
    this.#options = options
    const underway = new Underway()
    const wakefulness = new Wakefulness(options.leaseMs / 2)
    const warnings = (this.#warnings = new Warnings((warning) => options.warn(warning)))
    const commands = (this.#commands = new Commands(options, underway, {
      onAnswered: (place, state, inUse) => this.#asks.answered(place, state, inUse),
      onFailed: (place, cause) => this.#askFailed(place, cause),
      onLate: (place) => this.#releases.giveBack(place),
      onReleaseFailed: (place, cause) => this.#failed(place, cause),
    }))
    const reach = (this.#reach = new Reach(
      (outage) => this.#recover(outage),
      (state, cause) => this.#reached(state, cause),
    ))
    const releases = (this.#releases = new Releases(commands, reach, warnings))
    this.#suspects = new Suspects(commands, options.client.oneServer)
    const leases = (this.#leases = new Leases({ options, commands, reach, wakefulness, warnings }))
    const channel = `${commands.keys.channels}${this.#process}`
    const onGranted = (place: Place, inUse: number) => this.#asks.granted(place, inUse)
    const line = (this.#line = new Line({ options, channel, commands, reach, warnings, onGranted }))
    this.#asks = new Asks({ line, leases, releases, isClosing: () => this.#closing !== undefined })
    this.#heartbeat = new Heartbeat(options, commands.keys.processes, wakefulness, underway, reach)
  }

  get processes(): number {
    return this.#heartbeat.processes
  }

  acquire(ask: LeaseAsk): Place {
    const place = this.#placeFor(ask)
    if (place.maxWaiting > 0) this.#line.expect(place)
    this.#commands.ask(place)
    return place
  }

  adopt(ask: LeaseAsk): Lease {
    const place = this.#placeFor(ask)
    place.grant(1)
    this.#leases.addUncounted(place)
    return place
  }

  release(lease: Lease): void {
    const place = lease as Place
    if (place.state !== 'open') return
    this.#leases.remove(place)
    this.#releases.giveBack(place)
  }

  setLimit(name: CounterName, limit: number): void {
    if (this.#reach.state === 'available') this.#commands.setLimit(name, limit)
  }

  onLost(listener: (lease: Lease) => void): () => void {
    return this.#leases.lost.add(listener)
  }

  onState(listener: (state: StoreState, cause?: unknown) => void): () => void {
    // Not before whoever asks has been built.
    if (this.#reach.state !== 'available') queueMicrotask(() => listener(this.#reach.state))
    return this.#states.add(listener)
  }

  onWarning(listener: (warning: StoreWarning) => void): () => void {
    return this.#warnings.listen(listener)
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
    return new Place(this.#asks, id, this.#commands.keys.counter(ask), ask)
  }

  #askFailed(place: Place, cause: unknown): void {
    this.#line.remove(place)
    // Redis may have granted it all the same.
    this.#failed(place, cause)
    if (place.state === 'asking') place.fail(cause)
  }

  #failed(place: Place, cause: unknown): void {
    this.#releases.owe(place)
    this.#suspects.add(place.counter)
    this.#reach.failed(cause)
    this.#releases.warn(cause)
  }

  #reached(state: StoreState, cause: unknown): void {
    if (state === 'unavailable') {
      this.#leases.redisIsAway(cause)
      this.#releases.warn(cause)
    } else if (state === 'available') {
      this.#releases.redisIsBack()
      this.#leases.redisIsBack()
    }
    this.#states.tell(state, cause)
  }

  /** Everything that is held is counted again, and what was given back meanwhile is not any more. */
  async #recover(outage: boolean): Promise<void> {
    await this.#heartbeat.beat()
    await this.#suspects.visit()
    await this.#releases.settle()
    await this.#leases.countAgain(outage)
  }

  async #close(): Promise<void> {
    this.#reach.close()
    this.#heartbeat.stop()
    this.#line.end()
    for (const place of this.#leases.end()) this.#releases.owe(place)
    this.#releases.close()
    await Promise.all([this.#heartbeat.end(), this.#commands.settled()])
    await this.#line.close()
  }
}
