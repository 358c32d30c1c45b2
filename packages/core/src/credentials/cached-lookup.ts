import { KeptAnswers } from './kept-answers.js'
import type { Answer } from './kept-answers.js'
import { NOT_AT_HAND, reporter, UNAVAILABLE } from './lookup.js'
import type { Lookup, LookupContext } from './lookup.js'
import type { CredentialsSettings } from './options.js'
import { createReceiver } from './received.js'
import { createTimeLimit } from './time-limit.js'

/** A registry that changes under every look-up is not asked for ever. */
const MAX_REPEATS = 5

/** Look-ups that are shared, bounded in time and number, believed for a while, and never beyond a change. */
export function createCachedLookup(settings: CredentialsSettings, context: LookupContext): Lookup {
  const { registry, clock } = context
  const { maxLookups } = settings
  const report = reporter(context)
  const received = createReceiver()
  const limit = createTimeLimit(settings.timeoutMs, clock)
  const answers = new KeptAnswers(settings, clock)
  const underWay = new Map<string, Promise<Answer | undefined>>()
  const endSubscription = registry.onChange?.((change) => answers.changes.note(change?.account))

  const ask = async (digest: string): Promise<Answer | undefined> => {
    // Both are taken before the registry is asked: what it read may be as old as the question.
    const askedAt = clock.elapsed()
    const holdsAt = answers.changes.count
    try {
      const found = await limit.within(() => registry.findByDigest(digest))
      const answer = { registration: received(found, digest), askedAt, holdsAt }
      answers.keep(digest, answer)
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
      const answer = answers.believed(digest)
      return answer ? answer.registration : NOT_AT_HAND
    },
    async wait(digest, judge) {
      for (let repeat = 0; repeat <= MAX_REPEATS; repeat++) {
        const answer = answers.believed(digest) ?? (await join(digest))
        if (!answer) return judge(UNAVAILABLE)
        // Looked at here, by each who waits: a change may come between the registry's answer and this moment.
        if (answers.holds(answer)) return judge(answer.registration)
      }
      report(new Error(`the registry announced a change during each of ${MAX_REPEATS + 1} look-ups`))
      return judge(UNAVAILABLE)
    },
    close() {
      answers.close()
      endSubscription?.()
      limit.close()
    },
  }
}
