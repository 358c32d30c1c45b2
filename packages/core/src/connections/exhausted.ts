import type { Ground } from '../refusal.js'
import { rateLimitFields } from './rate-limit-fields.js'

export type ExhaustedGrounds = (className: string, limit: number, inUse: number) => Ground

/** Grounds are kept for limits up to this. */
const KEPT = 1024

/**
 * Grounds of `connections-exhausted`. Nearly always just as many are open as the limit says: those grounds are kept, by class and
 * limit, and so is what is written of them.
 */
export function exhaustedGrounds(): ExhaustedGrounds {
  const byClass = new Map<string, Ground[]>()
  return (className, limit, inUse) => {
    if (limit !== inUse || limit > KEPT) return exhausted(className, limit, inUse)
    let byLimit = byClass.get(className)
    if (!byLimit) byClass.set(className, (byLimit = []))
    return (byLimit[limit] ??= exhausted(className, limit, inUse))
  }
}

function exhausted(className: string, limit: number, inUse: number): Ground {
  const fields = rateLimitFields(className)
  const remedy = limit === 0 ? 'The limit is 0 for now.' : 'Wait until one of them has ended.'
  return Object.freeze({
    reason: 'connections-exhausted',
    detail: `${inUse} of ${limit} simultaneous ${className} connections of this account are open. ${remedy}`,
    headers: {
      'Retry-After': '1',
      'RateLimit-Policy': fields.policy(limit),
      RateLimit: fields.state(0),
    },
    members: { connection_class: className, limit, in_use: inUse },
  })
}
