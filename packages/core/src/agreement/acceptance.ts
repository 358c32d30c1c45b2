import type { Client } from '../registry.js'
import type { DatedVersion } from './versions.js'

/** An acceptance that is owed. */
export interface OwedAcceptance {
  /** The version in force, which is to be accepted. */
  readonly version: DatedVersion
  /** Until when, in ms since 1970; -Infinity where the client never accepted an older one, and so has no such time. */
  readonly by: number
}

/**
 * What a client owes, with this version in force; `undefined` where it has accepted it. Its time runs from the oldest version that it
 * has not accepted after its newest: else a provider whose versions follow each other quickly could not require any of them, and who has
 * been refused would come in again with the next one. A version that is not listed is taken for older than all that are. Who accepted one
 * that is only announced has not accepted the text that holds until then.
 */
export function owedBy(
  client: Client,
  inForce: DatedVersion,
  versions: readonly DatedVersion[],
): OwedAcceptance | undefined {
  const acceptances = client.acceptances ?? []
  // Nearly everybody's last one is of the version in force.
  if (acceptances.at(-1)?.version === inForce.version) return undefined
  const accepted = new Set(acceptances.map(({ version }) => version))
  if (accepted.has(inForce.version)) return undefined
  const newest = versions.findLast(({ version, at }) => at < inForce.at && accepted.has(version))
  const hasOlder = newest || acceptances.some(({ version }) => !isListed(version, versions))
  if (!hasOlder) return { version: inForce, by: -Infinity }
  const oldestOwed = versions[newest ? newest.at + 1 : 0] ?? inForce
  return { version: inForce, by: oldestOwed.acceptBy }
}

function isListed(name: string, versions: readonly DatedVersion[]): boolean {
  return versions.some(({ version }) => version === name)
}

/**
 * The value of `Terms-Acceptance-Due`: until when which version is to be accepted. A Date of RFC 9651 §3.3.7, as in `Deprecation` (RFC
 * 9745), since new fields are to be structured ones (RFC 9110 §16.3.2); without `X-` (RFC 6648). Not `Sunset` (RFC 8594): that is of
 * the resource, for everybody, and caches and crawlers act on it.
 */
export function dueField({ version, by }: OwedAcceptance): string {
  const due = by === -Infinity ? version.effectiveAt : by
  const name = version.version.replaceAll(/["\\]/g, '\\$&')
  return `@${Math.floor(due / 1000)};version="${name}"`
}
