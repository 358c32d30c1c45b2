import type { ConnectionView } from '../../gate.js'

// What other processes send is read with care: theirs may be another version of this package.

/** A connection as another process listed it; `since` came as how long ago that was. */
export function viewOf(sent: unknown, now: number): ConnectionView | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined
  const {
    id,
    account,
    partner,
    client,
    class: className,
    target,
    process,
    since,
  } = sent as Record<string, unknown>
  const texts = { id, account, client, class: className, target, process }
  if (!Object.values(texts).every((text) => typeof text === 'string')) return undefined
  return {
    ...(texts as Omit<ConnectionView, 'since'>),
    ...(typeof partner === 'string' && { partner }),
    since: new Date(now - Number(since)),
  }
}
