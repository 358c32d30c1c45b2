import type { StoreWarning } from '@api-terms/core'
import { Listeners } from './listeners.js'

/** What the store cannot mend itself, for whoever made it and for whoever listens. */
export class Warnings {
  readonly #listeners = new Listeners<[StoreWarning]>()

  constructor(private readonly onWarning: (warning: StoreWarning) => void) {}

  listen(listener: (warning: StoreWarning) => void): () => void {
    return this.#listeners.add(listener)
  }

  tell(code: StoreWarning['code'], message: string, cause: unknown): void {
    const warning = { code, message, cause }
    this.onWarning(warning)
    this.#listeners.tell(warning)
  }
}
