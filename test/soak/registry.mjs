import { memoryRegistry } from '@api-terms/core'

export const SLOWEST_MS = 30

/** As a database answers: after a while, in any order, sometimes not at all, and it tells of changes. */
export function slowRegistry(records, random) {
  const memory = memoryRegistry(records)
  return {
    setAccount: (account) => memory.setAccount(account),
    setClient: (client) => memory.setClient(client),
    account: (id) => memory.account(id),
    client: (id) => memory.client(id),
    onChange: (listener) => memory.onChange(listener),
    async findByDigest(digest) {
      const ms = random.chance(0.1) ? random.whole(5, SLOWEST_MS) : random.whole(0, 4)
      const readFirst = random.chance(0.5) ? memory.peekByDigest(digest) : undefined
      await new Promise((resolve) => setTimeout(resolve, ms))
      if (random.chance(0.02)) throw new Error('the database is away')
      return readFirst ?? memory.peekByDigest(digest)
    },
  }
}
