import {
  StoreError,
  type Answers,
  type Limits,
  type Voice,
  type VoiceListener,
  type VoiceMessage,
} from '@api-terms/core'
import type { Connected } from './client.js'
import { Doorbell } from './doorbell.js'
import type { VoiceKeys } from './keys.js'
import { KeptLimits } from './kept-limits.js'
import { heardFrom, type Heard, type HeardMessage } from './heard.js'
import { Questions } from './questions.js'
import { ScriptRunner } from './script-runner.js'
import { HEAR, LEAVE, SET_LIMITS, TELL } from './voice-scripts.js'

/** A look finds what no message has told of: a change is heard of within this and the time of a command. */
const LOOK_MS = 500
/** After a command that failed, so that the next look is still within the second. */
const AGAIN_MS = 100
/** Messages in quick succession are read together. */
const GATHER_MS = 10
/** Commands that Redis has not answered, not even late: more would only lie in the client's queue. */
const MOST_UNANSWERED = 8
/** Nothing heard for so long is told. */
const DEAF_MS = 1000

export interface RedisVoiceParts {
  readonly client: Connected
  readonly timeoutMs: number
  readonly keys: VoiceKeys
  /** The process's. */
  readonly name: string
  readonly listener: VoiceListener
}

/** The gates of one API speak through Redis, which keeps for a while what was said. */
export class RedisVoice implements Voice {
  readonly #is: RedisVoiceParts
  readonly #runner: ScriptRunner
  readonly #questions: Questions
  readonly #limits = new KeptLimits()
  #unanswered = 0
  /** How far it has read, and which limits it knows. */
  #place: Pick<Heard, 'epoch' | 'number' | 'changes'> = { epoch: '', number: '0', changes: '' }
  /** Redis's clock less this process's steady one, once it is known. A little behind, by the way of an answer. */
  #ahead: number | undefined
  #heardAt = performance.now()
  #hearing: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined
  readonly #doorbell: Doorbell
  #closed = false

  constructor(parts: RedisVoiceParts) {
    this.#is = parts
    this.#runner = new ScriptRunner((args, key) => this.#send(args, key), parts.timeoutMs)
    this.#questions = new Questions(this.#runner, parts.keys.answers)
    this.#doorbell = new Doorbell(parts.client, parts.keys.channel, (by) => this.#woken(by))
    void this.#look()
  }

  async tell(message: VoiceMessage, agoMs: number): Promise<void> {
    await this.#tell(message, agoMs, '')
  }

  async ask(message: Exclude<VoiceMessage, { say: 'changed' }>): Promise<Answers> {
    const question = this.#questions.newName()
    const listening = await this.#tell(message, 0, question)
    const { process } = message.filter
    const asked = listening.filter((name) => name !== this.#is.name && (process ?? name) === name)
    return this.#questions.answersTo(question, asked)
  }

  async setLimits(limits: Limits): Promise<void> {
    this.#limits.set(limits)
    await this.#joined()
    await this.#tellLimits()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    const { keys, name } = this.#is
    await this.#hearing?.catch(() => undefined)
    const all = [keys.voice, keys.said, keys.limits, keys.gates]
    await this.#runner.run(LEAVE, all, [name]).catch(() => undefined)
    await this.#doorbell.close(this.#is.timeoutMs)
  }

  /** Looks for what was said, again and again. */
  async #look(): Promise<void> {
    let pause = LOOK_MS
    try {
      await this.#hear()
      if (this.#limits.untold) await this.#tellLimits()
    } catch (cause) {
      if (performance.now() - this.#heardAt > DEAF_MS) this.#is.listener.onFailed(cause)
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
      setTimeout(() => void this.#hear().catch(() => undefined), GATHER_MS).unref()
    }))
  }

  async #read(): Promise<void> {
    const { keys, name } = this.#is
    const all = [keys.voice, keys.said, keys.limits, keys.gates]
    let heard: Heard
    do {
      const { epoch, number, changes } = this.#place
      // oxlint-disable-next-line no-await-in-loop -- from where the last answer ends
      heard = heardFrom(await this.#runner.run(HEAR, all, [name, epoch, number, changes]))
      if (this.#closed) return
      this.#heardAt = performance.now()
      this.#ahead = heard.now - this.#heardAt
      this.#take(heard)
    } while (heard.more)
  }

  #take(heard: Heard): void {
    const { listener } = this.#is
    const isOther = heard.epoch !== this.#place.epoch || heard.changes !== this.#place.changes
    const isChanged = isOther && this.#limits.hear(heard.limits, heard.now, this.#ahead!)
    this.#place = heard
    if (isChanged) this.#safely(() => listener.onLimits(this.#limits.all))
    if (heard.missed) this.#safely(() => listener.onMissed({ ends: heard.endMissed }))
    for (const message of heard.messages) this.#takeMessage(message, heard.now)
  }

  #takeMessage({ by, at, question, message }: HeardMessage, now: number): void {
    const { listener, name } = this.#is
    if (by === name || !message) return
    const answers = this.#safely(() => listener.onMessage(message, now - at)) ?? []
    // Who asked knows who has not answered.
    if (question !== '') this.#questions.answer(question, name, answers).catch(() => undefined)
  }

  /** What a listener throws must not keep it from the rest. */
  #safely<T>(tell: () => T): T | undefined {
    try {
      return tell()
    } catch (cause) {
      this.#is.listener.onFailed(cause)
      return undefined
    }
  }

  async #tell(message: VoiceMessage, agoMs: number, question: string): Promise<string[]> {
    const now = this.#now()
    await this.#joined()
    const { keys, name } = this.#is
    const at = (now ?? this.#now()!) - agoMs
    const isEnd = message.say === 'end' ? '1' : '0'
    const args = [name, at.toFixed(3), keys.channel, JSON.stringify(message), question, isEnd]
    const listening = await this.#runner.run(TELL, [keys.voice, keys.said, keys.gates], args)
    return (listening as unknown[]).map(String)
  }

  async #tellLimits(): Promise<void> {
    const { keys, name, listener } = this.#is
    const { args, heard } = this.#limits.telling(this.#ahead!)
    if (args.length === 0) return
    const told = await this.#runner.run(
      SET_LIMITS,
      [keys.voice, keys.said, keys.limits],
      [name, keys.channel, ...args],
    )
    const [now, limits] = told as [unknown, unknown[]]
    if (heard(limits.map(String), Number(now))) this.#safely(() => listener.onLimits(this.#limits.all))
  }

  /** Before Redis has answered once, its clock is not known, nor what was set before. */
  async #joined(): Promise<void> {
    if (this.#closed) throw new StoreError('the connection store is closed')
    if (this.#ahead === undefined) await this.#hear()
  }

  /** Redis's clock, as far as it is known. */
  #now(): number | undefined {
    return this.#ahead === undefined ? undefined : this.#ahead + performance.now()
  }

  async #send(args: string[], key: string): Promise<unknown> {
    if (this.#unanswered >= MOST_UNANSWERED) throw new StoreError('Redis has not answered for a while')
    this.#unanswered++
    try {
      return await this.#is.client.send(args, key)
    } finally {
      this.#unanswered--
    }
  }
}
