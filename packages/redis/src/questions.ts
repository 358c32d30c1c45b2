import { randomBytes } from 'node:crypto'
import { setTimeout as passed } from 'node:timers/promises'
import type { Answers } from '@api-terms/core'
import type { ScriptRunner } from './script-runner.js'
import { ANSWER, DROP_ANSWERS, TAKE_ANSWERS } from './voice-scripts.js'

/** How long to wait for the next sign of an answer, and for all of it. */
const SILENCE_MS = 1000
const ALL_MS = 5000
/** First looked for after so long, then half as often, down to ten times a second. */
const FIRST_LOOK_MS = 4
const LOOK_MS = 100
/** An answer is sent in portions of about so many characters, so that no command holds Redis up. */
const PORTION = 64 * 1024

/** A part of a process's answer. */
interface Portion {
  readonly by: string
  readonly answers: readonly unknown[]
  readonly last: boolean
}

/** Questions to other processes and the answers to them, which lie in Redis until they are taken. */
export class Questions {
  constructor(
    private readonly runner: ScriptRunner,
    private readonly keyOf: (question: string) => string,
  ) {}

  /** A name for one that is about to be asked. */
  newName(): string {
    return randomBytes(9).toString('base64url')
  }

  /** Waits for the answers of those who were asked. */
  async answersTo(question: string, asked: Iterable<string>): Promise<Answers> {
    const key = this.keyOf(question)
    const silent = new Set(asked)
    const answers: unknown[] = []
    const began = performance.now()
    let heardAt = began
    let taken = 0
    let pause = FIRST_LOOK_MS
    while (silent.size > 0) {
      const now = performance.now()
      if (now - heardAt > SILENCE_MS || now - began > ALL_MS) break
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await passed(pause)
      // oxlint-disable-next-line no-await-in-loop
      const portions = await this.#take(key, taken)
      if (!portions) break
      taken += portions.length
      pause = portions.length > 0 ? FIRST_LOOK_MS : Math.min(2 * pause, LOOK_MS)
      if (portions.length > 0) heardAt = performance.now()
      for (const { by, answers: those, last } of portions.map(read)) {
        answers.push(...those)
        if (last) silent.delete(by)
      }
    }
    if (taken > 0) await this.runner.run(DROP_ANSWERS, [key], []).catch(() => undefined)
    return { answers, silent: [...silent] }
  }

  /** Not waited for: whoever asked waits, and knows who has not answered. */
  async answer(question: string, by: string, answers: readonly unknown[]): Promise<void> {
    const portions = portionsOf(answers.map((answer) => JSON.stringify(answer) ?? 'null'))
    for (const [i, portion] of portions.entries()) {
      const last = i === portions.length - 1
      const text = `{"by":${JSON.stringify(by)},"last":${last},"answers":[${portion.join()}]}`
      // oxlint-disable-next-line no-await-in-loop -- in order, since the last one ends the answer
      await this.runner.run(ANSWER, [this.keyOf(question)], [text])
    }
  }

  /** `undefined`: Redis fails, so nothing more will come in time. */
  async #take(key: string, from: number): Promise<string[] | undefined> {
    try {
      return (await this.runner.run(TAKE_ANSWERS, [key], [String(from)])) as string[]
    } catch {
      return undefined
    }
  }
}

function portionsOf(texts: readonly string[]): string[][] {
  const portions: string[][] = [[]]
  let size = 0
  for (const text of texts) {
    if (size > PORTION) {
      portions.push([])
      size = 0
    }
    portions.at(-1)!.push(text)
    size += text.length
  }
  return portions
}

function read(text: string): Portion {
  try {
    const { by, answers, last } = JSON.parse(text) as { [Name in keyof Portion]?: unknown }
    return {
      by: String(by),
      answers: Array.isArray(answers) ? (answers as unknown[]) : [],
      last: last === true,
    }
  } catch {
    return { by: '', answers: [], last: false }
  }
}
