/** Random numbers that a seed decides: the same again for the same seed. */
export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** From 0 to below 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from `least` to `most`. */
  whole(least, most) {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability) {
    return this.next() < probability
  }

  of(list) {
    return list[Math.floor(this.next() * list.length)]
  }

  /** One of the names of an object from names to weights. */
  weighted(weights) {
    let left = this.next() * Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    for (const [name, weight] of Object.entries(weights)) {
      left -= weight
      if (left < 0) return name
    }
    return Object.keys(weights)[0]
  }

  /** Another source that this one decides. */
  branch() {
    return new Random(this.whole(0, 0xffffffff))
  }
}

/** The seed that was asked for, or any. */
export function seedFrom(text) {
  return text === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(text)
}
