/** What has been sent and is waited for by whoever closes: each command has its time limit. */
export class Underway {
  readonly #all = new Set<Promise<unknown>>()

  get none(): boolean {
    return this.#all.size === 0
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#all.add(work)
    const done = () => void this.#all.delete(work)
    work.then(done, done)
    return work
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#all)
  }
}
