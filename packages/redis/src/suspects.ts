import type { Commands } from './commands.js'

/** How many counters whose server has failed are looked at again before an outage is over. */
const MOST_SUSPECTS = 64

/** Counters that Redis has failed to answer for: in a cluster each has a server of its own, and others may answer well. */
export class Suspects {
  readonly #counters = new Set<string>()

  constructor(
    private readonly commands: Commands,
    private readonly oneServer: boolean,
  ) {}

  add(counter: string): void {
    if (!this.oneServer && this.#counters.size < MOST_SUSPECTS) this.#counters.add(counter)
  }

  /** Rejects where one of their servers cannot be reached. */
  async visit(): Promise<void> {
    const visited = [...this.#counters]
    await this.commands.visit(visited)
    for (const counter of visited) this.#counters.delete(counter)
  }
}
