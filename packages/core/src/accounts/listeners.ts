/** Who wants to know of something. */
export interface Listeners<Told> {
  add(listener: (told: Told) => void): () => void
  announce(told: Told): void
}

/** One listener that throws does not keep a change from the others: a gate that missed it would go on admitting. */
export function createListeners<Told>(): Listeners<Told> {
  // Each subscription is an object of its own, so that a function subscribed twice can end either.
  const subscriptions = new Set<{ listener: (told: Told) => void }>()
  return {
    add(listener) {
      const subscription = { listener }
      subscriptions.add(subscription)
      return () => void subscriptions.delete(subscription)
    },
    announce(told) {
      for (const { listener } of subscriptions) {
        try {
          listener(told)
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          process.emitWarning(`a listener to changes of the registry threw: ${why}`, 'ApiTermsWarning')
        }
      }
    },
  }
}
