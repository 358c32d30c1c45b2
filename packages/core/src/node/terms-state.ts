import type { ConnectionView } from '../gate.js'
import type { Inquiry } from '../inquiry.js'
import type { Credential, Limits } from '../registry.js'

// What a client is told of itself: never a digest, and of the other clients of its account only what counts against its limits.

/** `GET /`: the Terms in force, and those to come. */
export function toldTerms({ terms, upcoming, owed }: Inquiry) {
  return { ...terms, upcoming, acceptance: toldOwed(owed) }
}

/** `GET /account`: how the client stands. */
export function toldState(
  inquiry: Inquiry,
  api: string,
  limits: Limits | undefined,
  connections: readonly ConnectionView[],
) {
  const { account, client, credential, against, owed } = inquiry
  return {
    api,
    refused: against?.reason ?? null,
    account: {
      id: account.id,
      name: account.name,
      status: account.status ?? 'active',
      partner: account.partner,
      contacts: account.contacts,
      verifiedAt: account.verifiedAt,
      terminatesAt: account.terminatesAt,
    },
    client: {
      id: client.id,
      name: client.name,
      status: client.status ?? 'active',
      apis: client.apis,
      networks: client.networks,
      contacts: client.contacts,
      privacyPolicyUrl: client.privacyPolicyUrl,
      verifiedAt: client.verifiedAt,
      terminatesAt: client.terminatesAt,
    },
    acceptances: client.acceptances ?? [],
    acceptance: toldOwed(owed),
    grants: (account.grants ?? [])
      .filter((grant) => grant.api == null || grant.api === api)
      .map(({ id, limits: granted, from, until }) => ({ id, limits: told(granted), from, until })),
    limits: limits && told(limits),
    keys: client.credentials.map((key) => toldKey(key, key.digest === credential.digest)),
    connections: connections
      .filter((connection) => connection.client === client.id)
      .map(({ id, class: className, since, target }) => ({ id, class: className, since, target })),
    inUse: countsOf(connections),
  }
}

function toldOwed(owed: Inquiry['owed']) {
  if (!owed) return null
  const { version, by } = owed
  return {
    version: version.version,
    url: version.url,
    by: new Date(by === -Infinity ? version.effectiveAt : by),
  }
}

function toldKey({ id, hint, notBefore, expiresAt, revokedAt }: Credential, used: boolean) {
  return { id, hint, notBefore, expiresAt, revokedAt, used }
}

/** JSON has no Infinity: a class without an end has `null`. */
function told(limits: Limits): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, Number.isFinite(limit) ? limit : null]),
  )
}

function countsOf(connections: readonly ConnectionView[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { class: className } of connections) counts.set(className, (counts.get(className) ?? 0) + 1)
  return Object.fromEntries(counts)
}
