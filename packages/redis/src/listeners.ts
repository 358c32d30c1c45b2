/** Those who are told something. */
export class Listeners<Told extends readonly unknown[]> {
  readonly #all = new Set<(...told: Told) => void>()

  /** Answers what ends the listening. */
  add(listener: (...told: Told) => void): () => void {
    this.#all.add(listener)
    return () => void this.#all.delete(listener)
  }

  /** One that throws keeps neither the others nor the store from going on. */
  tell(...told: Told): void {
    for (const listener of this.#all) {
      try {
        listener(...told)
      } catch (cause) {
        process.emitWarning(cause instanceof Error ? cause : String(cause), 'ApiTermsWarning')
      }
    }
  }
}
