import { StoreError } from '@api-terms/core'
import type { Connected } from './client.js'
import { Doorbell } from './doorbell.js'
import { heardFrom, type Heard } from './heard.js'
import type { VoiceKeys } from './keys.js'
import type { ScriptRunner } from './script-runner.js'
import { HEAR, LEAVE } from './voice-scripts.js'

/** A look finds what no message has told of: a change is heard of within this and the time of a command. */
const LOOK_MS = 500
/** After a command that failed, so that the next look is still within the second. */
const AGAIN_MS = 100
/** Messages in quick succession are read together. */
const GATHER_MS = 10
/** Nothing heard for so long is told. */
const DEAF_MS = 1000

export interface HearingParts {
  readonly client: Connected
  readonly timeoutMs: number
  readonly keys: VoiceKeys
  /** The process's. */
  readonly name: string
  readonly runner: ScriptRunner
  /** `areOther`: the limits that were set may not be those that are known. */
  onHeard(heard: Heard, areOther: boolean): void
  /** All that was said has been read. */
  onLooked(): Promise<void>
  onDeaf(cause: unknown): void
}

/** Reads what the other gates say, in order, from where it stopped: as it is woken, and now and then. */
export class Hearing {
  /**
   * Redis's clock less this process's steady one, once it is known. Never behind, so that an end means all that was open as it was said, but
   * ahead by as long as the answer took.
   */
  ahead: number | undefined
  readonly #is: HearingParts
  /** How far it has read, and which limits it knows. */
  #place: Pick<Heard, 'epoch' | 'number' | 'changes'> = { epoch: '', number: '0', changes: '' }
  #heardAt = performance.now()
  #hearing: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined
  #gathering: NodeJS.Timeout | undefined
  readonly #doorbell: Doorbell
  #closed = false

  constructor(parts: HearingParts) {
    this.#is = parts
    this.#doorbell = new Doorbell(parts.client, parts.keys.channel, (by) => this.#woken(by))
    void this.#look()
  }

  /** Redis's clock, as far as it is known. */
  get now(): number | undefined {
    return this.ahead === undefined ? undefined : this.ahead + performance.now()
  }

  /** Before Redis has answered once, its clock is not known, nor what was set before. */
  async joined(): Promise<void> {
    if (this.#closed) throw new StoreError('the connection store is closed')
    if (this.ahead === undefined) await this.#hear()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    // Who has left and reads once more would be taken for somebody who has joined.
    clearTimeout(this.#gathering)
    const { keys, name, runner, timeoutMs } = this.#is
    await this.#hearing?.catch(() => undefined)
    const all = [keys.voice, keys.said, keys.limits, keys.gates]
    await runner.run(LEAVE, all, [name]).catch(() => undefined)
    await this.#doorbell.close(timeoutMs)
  }

  /** Looks for what was said, again and again. */
  async #look(): Promise<void> {
    let pause = LOOK_MS
    try {
      await this.#hear()
      await this.#is.onLooked()
    } catch (cause) {
      if (performance.now() - this.#heardAt > DEAF_MS) this.#is.onDeaf(cause)
      else pause = AGAIN_MS
    }
    if (this.#closed) return
    this.#doorbell.listen()
    this.#timer = setTimeout(() => void this.#look(), pause).unref()
  }

  /** Somebody has said something. */
  #woken(by: string): void {
    if (by === this.#is.name || this.#closed) return
    if (this.#hearing) this.#again = true
    else this.#hear().catch(() => undefined)
  }

  #hear(): Promise<void> {
    return (this.#hearing ??= this.#read().finally(() => {
      this.#hearing = undefined
      if (!this.#again || this.#closed) return
      this.#again = false
      this.#gathering = setTimeout(() => void this.#hear().catch(() => undefined), GATHER_MS).unref()
    }))
  }

  async #read(): Promise<void> {
    const { keys, name, runner } = this.#is
    const all = [keys.voice, keys.said, keys.limits, keys.gates]
    let heard: Heard
    do {
      const { epoch, number, changes } = this.#place
      const askedAt = performance.now()
      // oxlint-disable-next-line no-await-in-loop -- from where the last answer ends
      heard = heardFrom(await runner.run(HEAR, all, [name, epoch, number, changes]))
      if (this.#closed) return
      this.#heardAt = performance.now()
      this.ahead = heard.now - askedAt
      const areOther = heard.epoch !== epoch || heard.changes !== changes
      this.#place = heard
      this.#is.onHeard(heard, areOther)
    } while (heard.more)
  }
}
