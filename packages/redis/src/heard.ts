import type { VoiceMessage } from '@api-terms/core'

/** Something that was said. */
export interface HeardMessage {
  readonly by: string
  /** When, in ms of Redis's clock. */
  readonly at: number
  /** Where an answer is waited for. */
  readonly question: string
  /** `undefined` where it cannot be read. */
  readonly message: VoiceMessage | undefined
}

/** What Redis answers to whoever listens. */
export interface Heard {
  readonly now: number
  readonly epoch: string
  /** The number of the last message that was read. */
  readonly number: string
  readonly more: boolean
  readonly missed: boolean
  readonly endMissed: boolean
  readonly messages: readonly HeardMessage[]
  /** How often limits have changed. */
  readonly changes: string
  readonly limits: readonly string[]
}

/** Reads the answer of the script `HEAR`. */
export function heardFrom(reply: unknown): Heard {
  const [now, epoch, number, more, missed, endMissed, messages, changes, limits] = reply as unknown[]
  return {
    now: Number(now),
    epoch: String(epoch),
    number: String(number),
    more: Number(more) === 1,
    missed: Number(missed) === 1,
    endMissed: Number(endMissed) === 1,
    messages: (messages as [unknown, unknown[]][]).map(([, fields]) => messageOf(fields)),
    changes: String(changes),
    limits: (limits as unknown[]).map(String),
  }
}

function messageOf(fields: readonly unknown[]): HeardMessage {
  // As the script wrote it: each value after its name.
  const [, by, , at, , message, , question] = fields.map(String)
  return { by: by ?? '', at: Number(at), question: question ?? '', message: parsed(message ?? '') }
}

function parsed(text: string): VoiceMessage | undefined {
  try {
    return JSON.parse(text) as VoiceMessage
  } catch {
    return undefined
  }
}
