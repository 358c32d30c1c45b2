/** Does something again and again while it is needed, one round after the other. Its timer does not keep the process alive. */
export class Rounds {
  #timer: NodeJS.Timeout | undefined
  #running = false
  #stopped = false

  constructor(
    private readonly pauseMs: () => number,
    private readonly needed: () => boolean,
    private readonly round: () => Promise<void>,
  ) {}

  /** Something needs it now. */
  start(): void {
    if (this.#timer || this.#running || this.#stopped) return
    this.#timer = setTimeout(() => void this.#go(), this.pauseMs()).unref()
  }

  /** Does not wait for the next round where one is due later. */
  hurry(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    void this.#go()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #go(): Promise<void> {
    this.#timer = undefined
    if (!this.needed()) return
    this.#running = true
    await this.round()
    this.#running = false
    if (this.needed()) this.start()
  }
}
