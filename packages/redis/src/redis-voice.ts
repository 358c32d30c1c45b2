import {
  StoreError,
  type Answers,
  type Limits,
  type Voice,
  type VoiceListener,
  type VoiceMessage,
} from '@api-terms/core'
import type { Connected } from './client.js'
import type { Heard, HeardMessage } from './heard.js'
import { Hearing } from './hearing.js'
import type { VoiceKeys } from './keys.js'
import { KeptLimits } from './kept-limits.js'
import { Questions } from './questions.js'
import { ScriptRunner } from './script-runner.js'
import { SET_LIMITS, TELL } from './voice-scripts.js'

/** Commands that Redis has not answered, not even late: more would only lie in the client's queue. */
const MOST_UNANSWERED = 8

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
  readonly #hearing: Hearing
  #unanswered = 0

  constructor(parts: RedisVoiceParts) {
    this.#is = parts
    this.#runner = new ScriptRunner((args, key) => this.#send(args, key), parts.timeoutMs)
    this.#questions = new Questions(this.#runner, parts.keys.answers)
    this.#hearing = new Hearing({
      client: parts.client,
      timeoutMs: parts.timeoutMs,
      keys: parts.keys,
      name: parts.name,
      runner: this.#runner,
      onHeard: (heard, areOther) => this.#take(heard, areOther),
      onLooked: async () => {
        if (this.#limits.untold) await this.#tellLimits()
      },
      onDeaf: (cause) => parts.listener.onFailed(cause),
    })
  }

  async tell(message: VoiceMessage, agoMs: number): Promise<void> {
    await this.#tell(message, agoMs, '')
  }

  async ask(message: Exclude<VoiceMessage, { say: 'changed' | 'ban' }>): Promise<Answers> {
    const question = this.#questions.newName()
    const listening = await this.#tell(message, 0, question)
    const { process } = message.filter
    const asked = listening.filter((name) => name !== this.#is.name && (process ?? name) === name)
    return this.#questions.answersTo(question, asked)
  }

  async setLimits(limits: Limits): Promise<void> {
    this.#limits.set(limits)
    await this.#hearing.joined()
    await this.#tellLimits()
  }

  close(): Promise<void> {
    return this.#hearing.close()
  }

  #take(heard: Heard, areOther: boolean): void {
    const { listener } = this.#is
    const isChanged = areOther && this.#limits.hear(heard.limits, heard.now, this.#hearing.ahead!)
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
    const now = this.#hearing.now
    await this.#hearing.joined()
    const { keys, name } = this.#is
    const at = (now ?? this.#hearing.now!) - agoMs
    const isEnd = message.say === 'end' ? '1' : '0'
    const args = [name, at.toFixed(3), keys.channel, JSON.stringify(message), question, isEnd]
    const listening = await this.#runner.run(TELL, [keys.voice, keys.said, keys.gates], args)
    return (listening as unknown[]).map(String)
  }

  async #tellLimits(): Promise<void> {
    const { keys, name, listener } = this.#is
    const { args, heard } = this.#limits.telling(this.#hearing.ahead!)
    if (args.length === 0) return
    const told = await this.#runner.run(
      SET_LIMITS,
      [keys.voice, keys.said, keys.limits],
      [name, keys.channel, ...args],
    )
    const [now, limits] = told as [unknown, unknown[]]
    if (heard(limits.map(String), Number(now))) this.#safely(() => listener.onLimits(this.#limits.all))
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
