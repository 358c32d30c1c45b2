import type { Outcome } from '../admission.js'
import type { Identity } from '../credentials/index.js'
import type { Pending } from '../pending.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

/** A request on its way through the gate: what is known of it so far, room by room. */
export class Visit implements Pending<Outcome> {
  answer!: Promise<Outcome>
  identity: Identity | undefined = undefined
  class: string | undefined = undefined
  limit: number | undefined = undefined
  inUse: number | undefined = undefined
  /** How many changes there had been when it was identified, or since when there was none of its account. */
  asOf = 0
  /** The caller has gone. */
  left = false
  /** Something has come up against it while it waited. */
  turnedAway: Ground | undefined = undefined
  /** Its place in the line for a connection. */
  place: Pending<unknown> | undefined = undefined

  constructor(readonly request: GateRequest) {}

  leave(): void {
    if (this.left) return
    this.left = true
    this.place?.leave()
  }

  /** Ends the wait, with this ground for refusal. */
  turnAway(ground: Ground): void {
    this.turnedAway = ground
    this.place?.leave()
  }
}
