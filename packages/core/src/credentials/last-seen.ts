import type { VerifiedIdentity } from './verify.js'

/** On a socket: who came through it last. */
const LAST_SEEN = Symbol('api-terms.last-seen')

/**
 * Who came through a socket last, and with what field value. A caller that keeps its connection sends the same credential again and
 * again: comparing it costs a tenth of what reading and hashing it does. What is kept is the value itself, for no longer than the
 * socket lives; whether it still is anybody's is looked up each time.
 */
export class LastSeen {
  readonly #value: string
  readonly #identity: VerifiedIdentity

  private constructor(value: string, identity: VerifiedIdentity) {
    this.#value = value
    this.#identity = identity
  }

  static note(wire: object, value: string, identity: VerifiedIdentity): void {
    ;(wire as Carrying)[LAST_SEEN] = new LastSeen(value, identity)
  }

  /** Whom this field value was verified as, if it was the last on this wire. */
  static on(wire: object, value: string): VerifiedIdentity | undefined {
    const last = (wire as Carrying)[LAST_SEEN]
    return last !== undefined && isSame(last.#value, value) ? last.#identity : undefined
  }
}

interface Carrying {
  [LAST_SEEN]?: LastSeen
}

/** In constant time for texts of one length: a proxy may send several callers through one socket. */
function isSame(known: string, sent: string): boolean {
  if (known.length !== sent.length) return false
  let difference = 0
  for (let i = 0; i < sent.length; i++) difference |= known.charCodeAt(i) ^ sent.charCodeAt(i)
  return difference === 0
}
