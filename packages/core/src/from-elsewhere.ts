import type { ConnectionView } from './gate.js'
import type { ConnectionFilter } from './voice.js'

// What other processes send is read with care: theirs may be another version of this package.

const FILTERS = ['account', 'client', 'id', 'process']

/** A filter that another process sent. One that cannot be read to the full must not stand for more than was meant. */
export function filterOf(sent: unknown): ConnectionFilter | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined
  const readable = Object.entries(sent).every(
    ([name, value]) => FILTERS.includes(name) && typeof value === 'string',
  )
  return readable ? sent : undefined
}

/** A connection as another process listed it; `since` came as how long ago that was. */
export function viewOf(sent: unknown, now: number): ConnectionView | undefined {
  if (typeof sent !== 'object' || sent === null) return undefined
  const { id, account, client, class: className, target, process, since } = sent as Record<string, unknown>
  const texts = { id, account, client, class: className, target, process }
  if (!Object.values(texts).every((text) => typeof text === 'string')) return undefined
  return { ...(texts as Omit<ConnectionView, 'since'>), since: new Date(now - Number(since)) }
}
