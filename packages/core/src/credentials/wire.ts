/** What has come through a socket: a credential, good or not. */
export interface Came {
  /** Whether it came as this field value. */
  cameAs(value: string): boolean
}

/** On a socket: what came through it last. */
const LAST = Symbol('api-terms.last-seen')

interface Wire {
  [LAST]?: Came
}

/** What came through this wire last, if it came as this field value. */
export function lastOn(wire: Wire, value: string): Came | undefined {
  const last = wire[LAST]
  return last?.cameAs(value) ? last : undefined
}

export function noteOn(wire: Wire, last: Came): void {
  wire[LAST] = last
}

/** In constant time for texts of one length: a proxy may send several callers through one socket. */
export function isSame(known: string, sent: string): boolean {
  if (known.length !== sent.length) return false
  let difference = 0
  for (let i = 0; i < sent.length; i++) difference |= known.charCodeAt(i) ^ sent.charCodeAt(i)
  return difference === 0
}
