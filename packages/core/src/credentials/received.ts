import { timingSafeEqual } from 'node:crypto'
import type { Acceptance, Grant, Registration, Status } from '../registry.js'
import { RecordedRegistration } from '../accounts/recorded.js'

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
  if (!isMoment(account.terminatesAt)) return 'account.terminatesAt must be a valid Date'
  if (!isMoment(client.terminatesAt)) return 'client.terminatesAt must be a valid Date'
  if (!isMoment(account.verifiedAt)) return 'account.verifiedAt must be a valid Date'
  if (!isMoment(client.verifiedAt)) return 'client.verifiedAt must be a valid Date'
  if (!isListOf(account.grants, isGrant)) return 'account.grants must be a list of grants'
  if (!isListOf(client.networks, isText)) return 'client.networks must be a list of addresses and blocks'
  if (!isListOf(client.acceptances, isAcceptance)) return 'client.acceptances must be a list of acceptances'
  if (!isMoment(credential.notBefore)) return 'credential.notBefore must be a valid Date'
  if (!isMoment(credential.expiresAt)) return 'credential.expiresAt must be a valid Date'
  if (!isMoment(credential.revokedAt)) return 'credential.revokedAt must be a valid Date'
  return undefined
}

function isListOf(list: unknown, isOne: (entry: never) => boolean): boolean {
  return list == null || (Array.isArray(list) && list.every((entry) => isOne(entry as never)))
}

function isText(entry: unknown): boolean {
  return typeof entry === 'string'
}

function isGrant(grant: Grant | null): boolean {
  return typeof grant?.limits === 'object' && isMoment(grant.from) && isMoment(grant.until)
}

/** Clauses 1(a), 1(b): one that does not say who accepted, for whom and when is none. */
function isAcceptance(acceptance: Acceptance | null): boolean {
  if (!acceptance || acceptance.at == null || !isMoment(acceptance.at)) return false
  return [acceptance.version, acceptance.by, acceptance.entity].every((text) => isText(text) && text !== '')
}

/** No `instanceof`: a Date may come from another realm. */
function isMoment(date: Date | null | undefined): boolean {
  return date == null || (typeof date.getTime === 'function' && !Number.isNaN(date.getTime()))
}
