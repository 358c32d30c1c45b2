import type { Leases } from './leases.js'
import type { Line } from './line.js'
import type { Place, PlaceKeeper } from './place.js'
import type { Releases } from './releases.js'
import type { PlaceState } from './renewal.js'

export interface AsksParts {
  readonly line: Line
  readonly leases: Leases
  readonly releases: Releases
  /** Nobody comes in any more. */
  isClosing(): boolean
}

/** What becomes of a place that was asked for: a lease, a place in the line, or nothing. */
export class Asks implements PlaceKeeper {
  constructor(private readonly is: AsksParts) {}

  answered(place: Place, state: PlaceState, inUse: number): void {
    const { line, releases } = this.is
    place.inUse = inUse
    if (place.state === 'left' || this.is.isClosing()) {
      line.remove(place)
      if (state !== 'refused') releases.giveBack(place)
      if (place.state === 'asking') place.refuse(inUse)
    } else if (state === 'open') {
      this.granted(place, inUse)
    } else if (state === 'refused') {
      line.remove(place)
      place.refuse(inUse)
    } else if (place.state === 'asking') {
      line.wait(place)
    }
  }

  granted(place: Place, inUse: number): void {
    if (place.state !== 'asking' && place.state !== 'waiting') return
    this.is.line.remove(place)
    place.grant(inUse)
    this.is.leases.add(place)
  }

  left(place: Place): void {
    const { state } = place
    if (state !== 'asking' && state !== 'waiting') return
    if (state === 'waiting') {
      this.is.line.remove(place)
      this.is.releases.giveBack(place)
    }
    place.refuse(place.inUse)
    // Its answer is still to come: what that grants is given back then.
    if (state === 'asking') place.state = 'left'
  }
}
