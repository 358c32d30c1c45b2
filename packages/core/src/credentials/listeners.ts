import type { RegistryChange } from '../registry.js'

type Listener = (change: RegistryChange) => void

/** Who wants to know of changes. */
interface Listeners {
  onChange(listener: Listener): () => void
  announce(account: string): void
}

/** One listener that throws does not keep the change from the others: a gate that missed it would go on admitting. */
export function createListeners(): Listeners {
  // Each subscription is an object of its own, so that a function subscribed twice can end either.
  const subscriptions = new Set<{ listener: Listener }>()
  return {
    onChange(listener) {
      const subscription = { listener }
      subscriptions.add(subscription)
      return () => void subscriptions.delete(subscription)
    },
    announce(account) {
      const change = Object.freeze({ account })
      for (const { listener } of subscriptions) {
        try {
          listener(change)
        } catch (error) {
          const told = error instanceof Error ? error.message : String(error)
          process.emitWarning(`a listener to changes of the registry threw: ${told}`, 'ApiTermsWarning')
        }
      }
    },
  }
}
