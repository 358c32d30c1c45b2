import { LAST_MOMENT } from '../clock.js'
import { RegistryError } from '../errors.js'
import type { Client, Credential } from '../registry.js'
import { altered, changedClient, clientOf } from './found.js'
import type { OperationOf } from './operations.js'
import type { RecordChange, RegistryView } from './storage.js'

// The keys of a client, as their digests (clause 4(b)).

export function issuedKey(
  view: RegistryView,
  { client: id, credential }: OperationOf<'issue-key'>,
  time: Date,
): RecordChange {
  const client = clientOf(view, id, time)
  return withCredentials(client, [...client.credentials, accepted(view, client, credential, time)])
}

export function rotatedKey(
  view: RegistryView,
  { client: id, old: name, credential, overlapMs }: OperationOf<'rotate-key'>,
  time: Date,
  rules: number,
): RecordChange {
  const client = clientOf(view, id, time)
  const old = inForce(client, name, time)
  const end = Math.min(time.getTime() + overlapMs, old.expiresAt?.getTime() ?? Infinity)
  // An overlap without end: both live on.
  const kept = end <= LAST_MOMENT ? endingAt(new Date(end), old, time, rules) : old
  const others = client.credentials.map((each) => (each === old ? kept : each))
  return withCredentials(client, [...others, accepted(view, client, credential, time)])
}

export function revokedKey(
  view: RegistryView,
  { client: id, credential: name }: OperationOf<'revoke-key'>,
  time: Date,
  rules: number,
): RecordChange {
  const client = clientOf(view, id, time)
  const old = inForce(client, name, time)
  const revoked = altered(old, { revokedAt: time, ...endedBy(rules) })
  return withCredentials(
    client,
    client.credentials.map((each) => (each === old ? revoked : each)),
  )
}

function endingAt(expiresAt: Date, old: Credential, time: Date, rules: number): Credential {
  return altered(old, { expiresAt, ...(expiresAt <= time && endedBy(rules)) })
}

/** At once, also where the clock of who answers a request is behind: a date alone would let it in until then. */
function endedBy(rules: number): { readonly ended?: true } {
  return rules >= 2 ? { ended: true } : {}
}

function withCredentials(client: Client, credentials: readonly Credential[]): RecordChange {
  return changedClient(altered(client, { credentials }))
}

function accepted(view: RegistryView, client: Client, credential: Credential, time: Date): Credential {
  const { digest, notBefore, expiresAt } = credential
  if (view.ownerOf(digest) !== undefined) {
    throw new RegistryError('duplicate', 'the digest is that of another key: every credential needs its own')
  }
  if (credential.id !== undefined && named(client, credential.id)) {
    throw new RegistryError('duplicate', `client ${client.id} has a credential ${credential.id} already`)
  }
  if (expiresAt && expiresAt.getTime() <= Math.max(notBefore?.getTime() ?? 0, time.getTime())) {
    throw new RegistryError('invalid', 'expiresAt: a key must not end before it begins')
  }
  return credential
}

/** A key that is not good yet can be rotated and revoked too. */
function inForce(client: Client, name: string, time: Date): Credential {
  const credential = named(client, name)
  // Without the name that was given: it may be the key itself.
  if (!credential) throw new RegistryError('unknown', `client ${client.id} has no such credential`)
  const { revokedAt, expiresAt, ended } = credential
  if (revokedAt && (ended || revokedAt <= time))
    throw new RegistryError('not-in-force', `credential ${name} is revoked`)
  if (ended || (expiresAt && expiresAt <= time))
    throw new RegistryError('not-in-force', `credential ${name} has expired`)
  return credential
}

/** A credential has no id where the provider's own records gave it none. */
function named(client: Client, name: string): Credential | undefined {
  return client.credentials.find(({ id, digest }) => id === name || digest === name)
}
