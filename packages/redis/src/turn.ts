import type { Place } from './place.js'

/**
 * What this process wants of Redis by the end of this turn of its event loop: what comes together goes together, since most of what a command
 * costs is paid by the command, at both ends.
 */
export class Turn {
  readonly #byCounter = new Map<string, Part>()
  #size = 0

  get size(): number {
    return this.#size
  }

  ask(place: Place): void {
    this.#partOf(place).asked.push(place)
  }

  giveBack(place: Place): void {
    this.#partOf(place).back.push(place)
  }

  parts(): Part[] {
    return [...this.#byCounter.values()]
  }

  #partOf({ counter }: Place): Part {
    this.#size++
    const known = this.#byCounter.get(counter)
    if (known) return known
    const part = { counter, back: [], asked: [] }
    this.#byCounter.set(counter, part)
    return part
  }
}

/** What is wanted of one counter: the places that are left or given back, and those that are asked for. */
export interface Part {
  readonly counter: string
  readonly back: Place[]
  readonly asked: Place[]
}

/** As the script reads it. */
export function wordsOf(parts: readonly Part[]): string[] {
  const words: string[] = []
  for (const { back, asked } of parts) {
    words.push(String(back.length))
    for (const { id } of back) words.push(id)
    words.push(String(asked.length))
    for (const { id, limit, maxWaiting } of asked) words.push(id, limitWord(limit), String(maxWaiting))
  }
  return words
}

export function limitWord(limit: number): string {
  return String(Math.min(limit, MOST))
}

/** `Infinity`, as far as a script counts. */
export const MOST = 1e14
