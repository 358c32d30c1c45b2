import type { Scheme } from './options.js'
import { RecordedRegistration } from '../accounts/recorded.js'

/**
 * A look at somebody's registration: which way they came, and after how many retirements. One for all who were looked at since the same
 * one, as there is somebody for each socket.
 */
export interface Look {
  readonly way: Way
  /** Negative where one look is not enough: {@link Way.unsettled}. */
  readonly after: number
}

/** A way for a key to come. */
export class Way {
  /** The look at somebody whose registration has to be looked at each time. */
  readonly unsettled: Look = { way: this, after: -1 }
  #last = this.unsettled

  constructor(
    readonly scheme: Scheme,
    /** The header field that holds the key. */
    readonly field: string,
    /** What may be shown of the key in a value of that field. */
    readonly hintIn: (value: string) => string,
  ) {}

  /** A look at this moment. */
  look(): Look {
    const after = RecordedRegistration.retirements
    if (this.#last.after !== after) this.#last = { way: this, after }
    return this.#last
  }
}
