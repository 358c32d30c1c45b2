import { timingSafeEqual } from 'node:crypto'
import type { Registration, Status } from '../registry.js'
import { RecordedRegistration } from './recorded.js'

const DIGEST_LENGTH = 64
const STATUSES = new Set<unknown>(['active', 'suspended', 'terminated'] satisfies Status[])

/**
 * What makes a {@link Registration} of what a registry answered to a digest: `undefined` where it knows none, or answered with
 * another's (a wrong answer must let nobody in).
 *
 * @throws TypeError where the answer is neither, so that a mistake in a registry is seen instead of letting somebody in:
 * `apis` as a text would grant every API whose name is part of it, an invalid date would never come
 */
export function createReceiver(): (answer: unknown, digest: string) => Registration | undefined {
  const asked = Buffer.alloc(DIGEST_LENGTH)
  const answered = Buffer.alloc(DIGEST_LENGTH)

  // Buffers of one length: timingSafeEqual throws on others. Kept, since two new ones cost more than the comparison.
  const isSame = (a: string, b: string): boolean => {
    if (a.length !== DIGEST_LENGTH || b.length !== DIGEST_LENGTH) return false
    asked.write(a, 'latin1')
    answered.write(b, 'latin1')
    return timingSafeEqual(asked, answered)
  }

  return (answer, digest) => {
    if (answer === undefined || answer === null) return undefined
    if (typeof answer === 'object' && RecordedRegistration.is(answer, digest)) return answer
    const wrong = faultIn(answer as Registration)
    if (wrong !== undefined) throw new TypeError(`the registry's answer is not of the right form: ${wrong}`)
    const { account, client, credential } = answer as Registration
    if (client.account !== account.id || !isSame(digest, credential.digest)) return undefined
    return answer as Registration
  }
}

/** What is wrong with an answer. Absent members may be `null`, as rows of databases have them. */
function faultIn({ account, client, credential }: Registration): string | undefined {
  if (typeof account?.id !== 'string') return 'account.id must be a text'
  if (typeof client?.id !== 'string') return 'client.id must be a text'
  if (typeof credential?.digest !== 'string') return 'credential.digest must be a text'
  if (account.status != null && !STATUSES.has(account.status)) return 'account.status is none that is known'
  if (client.status != null && !STATUSES.has(client.status)) return 'client.status is none that is known'
  if (client.apis != null && !Array.isArray(client.apis)) return 'client.apis must be a list'
  if (!isMoment(credential.notBefore)) return 'credential.notBefore must be a valid Date'
  if (!isMoment(credential.expiresAt)) return 'credential.expiresAt must be a valid Date'
  if (!isMoment(credential.revokedAt)) return 'credential.revokedAt must be a valid Date'
  return undefined
}

/** No `instanceof`: a Date may come from another realm. */
function isMoment(date: Date | null | undefined): boolean {
  return date == null || (typeof date.getTime === 'function' && !Number.isNaN(date.getTime()))
}
