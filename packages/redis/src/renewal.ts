import type { Place } from './place.js'
import type { Portion } from './places.js'

/** What Redis says of a place. `again`: it did not have it any more, and has counted it again. */
export type PlaceState = 'open' | 'waiting' | 'refused' | 'again' | 'lost'

export type OnRenewed = (place: Place, state: PlaceState, inUse: number) => void

const STATES: Record<string, PlaceState> = { o: 'open', w: 'waiting', a: 'again', l: 'lost' }

/** One portion of the places to renew, in the words of the script. */
export class Renewal {
  readonly keys: readonly string[]
  readonly words: readonly string[]
  readonly #counters: readonly (readonly [string, readonly Place[]])[]

  constructor(portion: Portion, mostOf: (those: readonly Place[]) => number) {
    // Without those that were given back meanwhile: they would be counted again.
    this.#counters = [...portion].map(([key, all]) => [key, all.filter(isKnown)] as const)
    this.keys = this.#counters.map(([key]) => key)
    this.words = this.#counters.flatMap(([, places]) => [
      String(mostOf(places)),
      String(places.length),
      ...places.map(({ id }) => id),
    ])
  }

  answered(reply: readonly unknown[], onRenewed: OnRenewed): void {
    let at = 0
    for (const [, places] of this.#counters) {
      const inUse = Number(reply[at++])
      const states = String(reply[at++])
      for (const [i, place] of places.entries()) onRenewed(place, STATES[states[i]!] ?? 'lost', inUse)
    }
  }
}

function isKnown({ state }: Place): boolean {
  return state === 'open' || state === 'waiting'
}
