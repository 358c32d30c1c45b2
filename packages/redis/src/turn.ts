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
    this.#partOf(place.counter).asked.push(place)
  }

  giveBack(place: Place): void {
    this.#partOf(place.counter).back.push(place)
  }

  setLimit(counter: string, limit: number): void {
    this.#partOf(counter).limit = limit
  }

  /** Whether somebody has asked for it, and brings the limit that held by then. */
  asksFor(counter: string): boolean {
    return (this.#byCounter.get(counter)?.asked.length ?? 0) > 0
  }

  parts(): Part[] {
    return [...this.#byCounter.values()]
  }

  #partOf(counter: string): Part {
    this.#size++
    const known = this.#byCounter.get(counter)
    if (known) return known
    const part: Part = { counter, limit: undefined, back: [], asked: [] }
    this.#byCounter.set(counter, part)
    return part
  }
}

/** What is wanted of one counter: the limit that now holds, the places that are left or given back, and those that are asked for. */
export interface Part {
  readonly counter: string
  limit: number | undefined
  readonly back: Place[]
  readonly asked: Place[]
}

/** As the script reads it. */
export function wordsOf(parts: readonly Part[]): string[] {
  const words: string[] = []
  for (const { limit, back, asked } of parts) {
    words.push(limit === undefined ? '' : limitWord(limit), String(back.length))
    for (const { id } of back) words.push(id)
    words.push(String(asked.length))
    for (const place of asked) words.push(place.id, limitWord(place.limit), String(place.maxWaiting))
  }
  return words
}

function limitWord(limit: number): string {
  return String(Math.min(limit, MOST))
}

/** `Infinity`, as far as a script counts. */
export const MOST = 1e14
