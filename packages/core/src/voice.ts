import type { Limits } from './registry.js'

/** Which open connections are meant: all that agree with every member given. */
export interface ConnectionFilter {
  account?: string
  client?: string
  id?: string
  /** The process that holds them, as `gate.process` and `gate.connections()` name it. Where it is given, no other is asked. */
  process?: string
}

/** What a gate says to the other gates of its API. Whoever does not know a message leaves it. */
export type VoiceMessage =
  | { readonly say: 'end'; readonly filter: ConnectionFilter; readonly why: string }
  /** Accounts whose registrations have changed; absent: any may have. */
  | { readonly say: 'changed'; readonly accounts?: readonly string[] }
  | { readonly say: 'list'; readonly filter: ConnectionFilter }
  /** Who is refused for a sign of misuse, for so long from when it was said. `of`: the pattern, where it is about paths. */
  | {
      readonly say: 'ban'
      readonly sign: string
      readonly of: string
      readonly subject: string
      readonly forMs: number
    }

/** What a gate makes of what it hears. */
export interface VoiceListener {
  /**
   * Another gate has said something, so long ago by the store's clock: the clocks of processes do not matter. What is answered goes
   * back to the gate where it asked.
   */
  onMessage(message: VoiceMessage, agoMs: number): readonly unknown[]
  /** Limits that hold in every process, set by another one: all that are known, class by class. */
  onLimits(limits: Limits): void
  /** More was said than the store has kept. `ends`: an `end` was among it. */
  onMissed(missed: { readonly ends: boolean }): void
  /** For a second or more, nothing could be heard. */
  onFailed(cause: unknown): void
}

/** What came back for a question. */
export interface Answers {
  readonly answers: readonly unknown[]
  /** The processes that should have answered, and have not. */
  readonly silent: readonly string[]
}

/**
 * How the gates of one API in several processes speak with one another. What is said is heard at once, in the same order by all, and
 * whoever could not hear it catches up. Everything rejects with a `StoreError` where it could not be said in time.
 */
export interface Voice {
  /** `agoMs`: since when it holds, where it could not be said at once. */
  tell(message: VoiceMessage, agoMs: number): Promise<void>
  /** Tells it and waits for the answers, for a bounded time. */
  ask(message: VoiceMessage): Promise<Answers>
  /**
   * Sets limits for every process, those that start later too; the last who sets a class decides. Where it rejects they are told as soon as
   * that is possible, unless newer ones were set meanwhile.
   */
  setLimits(limits: Limits): Promise<void>
  close(): Promise<void>
}
