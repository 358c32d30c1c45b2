/** What carries a connection: a response being sent, or an upgraded socket. An adapter makes it known with `Admission.carriedBy`. */
export interface Carrier {
  /** Cuts it off, at once. Called at most once. */
  end(why: string): void
  /**
   * A number that changes whenever the peer takes something of what waits for it; `undefined` while nothing waits. This is how
   * a reader that has stopped reading is told from a stream that has nothing to say.
   */
  progress?(): number | undefined
  /** Bytes so far; `undefined` where they are not counted. Asked for only where somebody wants them counted. */
  traffic?(): Traffic | undefined
}

/** Bytes of a connection. */
export interface Traffic {
  readonly bytesIn: number
  readonly bytesOut: number
}
