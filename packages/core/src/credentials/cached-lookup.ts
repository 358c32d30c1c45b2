import { LRUCache } from 'lru-cache'
import type { Registration } from '../registry.js'
import { Changes } from './changes.js'
import { NOT_AT_HAND, reporter, UNAVAILABLE } from './lookup.js'
import type { Lookup, LookupContext } from './lookup.js'
import type { CredentialsSettings } from './options.js'
import { createReceiver } from './received.js'
import { createTimeLimit } from './time-limit.js'

/** What the registry said, and when it was asked. */
interface Answer {
  readonly registration: Registration | undefined
  readonly askedAt: number
  /** Known to hold after so many changes. */
  holdsAt: number
}

/** So many are kept of keys that nobody has. */
const MAX_UNKNOWN = 10_000
/** A registry that changes under every look-up is not asked for ever. */
const MAX_REPEATS = 5

/** Look-ups that are shared, bounded in time and number, believed for a while, and never beyond a change. */
export function createCachedLookup(settings: CredentialsSettings, context: LookupContext): Lookup {
  const { registry, clock } = context
  const { cacheMs, maxLookups } = settings
  const report = reporter(context)
  const received = createReceiver()
  const limit = createTimeLimit(settings.timeoutMs, clock)
  const changes = new Changes()
  // Two tables, so that invented keys cannot push known ones out.
  const known = new LRUCache<string, Answer>({ max: settings.maxCached })
  const unknown = new LRUCache<string, Answer>({ max: MAX_UNKNOWN })
  const underWay = new Map<string, Promise<Answer | undefined>>()
  const endSubscription = registry.onChange?.((change) => changes.note(change?.account))
  let closed = false

  const holds = (answer: Answer): boolean => {
    if (changes.since(answer.holdsAt, answer.registration?.account.id)) return false
    answer.holdsAt = changes.count
    return true
  }

  const believed = (digest: string): Answer | undefined => {
    const answer = known.get(digest) ?? unknown.get(digest)
    if (!answer || closed || clock.elapsed() - answer.askedAt >= cacheMs) return undefined
    return holds(answer) ? answer : undefined
  }

  const keep = (digest: string, answer: Answer): void => {
    const [table, other] = answer.registration ? [known, unknown] : [unknown, known]
    table.set(digest, answer)
    other.delete(digest)
  }

  const ask = async (digest: string): Promise<Answer | undefined> => {
    // Both are taken before the registry is asked: what it read may be as old as the question.
    const askedAt = clock.elapsed()
    const holdsAt = changes.count
    try {
      const found = await limit.within(() => registry.findByDigest(digest))
      const answer = { registration: received(found, digest), askedAt, holdsAt }
      if (cacheMs > 0 && !closed) keep(digest, answer)
      return answer
    } catch (error) {
      report(error)
      return undefined
    } finally {
      underWay.delete(digest)
    }
  }

  const join = (digest: string): Promise<Answer | undefined> => {
    let asked = underWay.get(digest)
    if (asked) return asked
    if (underWay.size >= maxLookups) {
      report(new Error(`${maxLookups} look-ups are under way: see credentials.maxLookups`))
      return Promise.resolve(undefined)
    }
    underWay.set(digest, (asked = ask(digest)))
    return asked
  }

  return {
    peek(digest) {
      const answer = believed(digest)
      return answer ? answer.registration : NOT_AT_HAND
    },
    async wait(digest, judge) {
      for (let repeat = 0; repeat <= MAX_REPEATS; repeat++) {
        const answer = believed(digest) ?? (await join(digest))
        if (!answer) return judge(UNAVAILABLE)
        // Looked at here, by each who waits: a change may come between the registry's answer and this moment.
        if (holds(answer)) return judge(answer.registration)
      }
      report(new Error(`the registry announced a change during each of ${MAX_REPEATS + 1} look-ups`))
      return judge(UNAVAILABLE)
    },
    close() {
      closed = true
      endSubscription?.()
      limit.close()
      known.clear()
      unknown.clear()
    },
  }
}
