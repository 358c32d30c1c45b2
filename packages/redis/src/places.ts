import type { Place } from './place.js'

/** The places of this process that Redis knows of, by counter: those to renew. An account with none costs nothing. */
export class Places {
  readonly #byCounter = new Map<string, Set<Place>>()

  get empty(): boolean {
    return this.#byCounter.size === 0
  }

  add(place: Place): void {
    const places = this.#byCounter.get(place.counter)
    if (places) places.add(place)
    else this.#byCounter.set(place.counter, new Set([place]))
  }

  /** Whether it was there. */
  remove(place: Place): boolean {
    const places = this.#byCounter.get(place.counter)
    if (!places?.delete(place)) return false
    if (places.size === 0) this.#byCounter.delete(place.counter)
    return true
  }

  *all(): Iterable<Place> {
    for (const places of this.#byCounter.values()) yield* places
  }

  /**
   * All places, in portions of at most `size`: Redis does nothing else while it runs a script. With `oneCounter` each portion is of one counter.
   */
  *portions(size: number, oneCounter: boolean): Iterable<Portion> {
    let portion: Portion = new Map()
    let count = 0
    for (const [counter, places] of this.#byCounter) {
      for (const place of places) {
        const those = portion.get(counter)
        if (those) those.push(place)
        else portion.set(counter, [place])
        if (++count < size) continue
        yield portion
        portion = new Map()
        count = 0
      }
      if (!oneCounter || count === 0) continue
      yield portion
      portion = new Map()
      count = 0
    }
    if (count > 0) yield portion
  }
}

/** Some places, by counter. */
export type Portion = Map<string, Place[]>
