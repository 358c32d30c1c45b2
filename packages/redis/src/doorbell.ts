import { setTimeout as passed } from 'node:timers/promises'
import type { Connected } from './client.js'

/** Rings as something is published on a channel, as far as the client can hear it. */
export class Doorbell {
  #subscribing = false
  #end: (() => unknown) | undefined
  #closed = false

  constructor(
    private readonly client: Connected,
    private readonly channel: string,
    /** With what was published; with nothing as it begins to listen, since what was published before is lost. */
    private readonly ring: (text: string) => void,
  ) {}

  /** Begins to listen, unless it does; again, where it failed before. */
  listen(): void {
    if (this.#subscribing || this.#end || this.#closed || !this.client.subscribe) return
    this.#subscribing = true
    this.client.subscribe(this.channel, this.ring).then(
      (end) => {
        this.#subscribing = false
        this.#end = end
        if (this.#closed) void this.#quietly(end)
        else this.ring('')
      },
      () => void (this.#subscribing = false),
    )
  }

  /** The provider may have closed its client before, and a cluster's may queue this for as long as it is cut off. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    if (this.#end)
      await Promise.race([this.#quietly(this.#end), passed(timeoutMs, undefined, { ref: false })])
  }

  async #quietly(end: () => unknown): Promise<void> {
    try {
      await end()
    } catch {
      // Nothing is left to end.
    }
  }
}
