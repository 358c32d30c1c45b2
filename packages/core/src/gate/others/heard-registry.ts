import { answersWithRecords, asRecording } from '../../accounts/recorded.js'
import type { Registry, RegistryChange } from '../../registry.js'

/** A registry, and a way to announce changes that it does not know of itself. */
export interface HeardRegistry {
  readonly registry: Registry
  /** Tells those who listen to the registry. */
  announce(change: { readonly account: string | undefined }): void
}

/** The provider's registry, with changes that another process has told of beside its own. */
export function heardRegistry(own: Registry): HeardRegistry {
  const listeners = new Set<(change: RegistryChange) => void>()
  const registry: Registry = {
    findByDigest: (digest) => own.findByDigest(digest),
    ...(own.peekByDigest && { peekByDigest: (digest: string) => own.peekByDigest?.(digest) }),
    onChange(listener) {
      // An object of its own, so that a listener given twice can be ended either way.
      const each = (change: RegistryChange) => listener(change)
      listeners.add(each)
      const end = own.onChange?.(listener)
      return () => {
        listeners.delete(each)
        end?.()
      }
    },
  }
  if (answersWithRecords(own)) asRecording(registry)
  return {
    registry,
    announce(change) {
      for (const listener of listeners) listener(change as RegistryChange)
    },
  }
}
