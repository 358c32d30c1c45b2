import type { Account, Client, Credential } from '../registry.js'

/** A copy that nobody can alter, because what was checked must stay as it was. */
export function frozenAccount(account: Account): Account {
  return Object.freeze({
    ...account,
    ...(account.limits && { limits: Object.freeze({ ...account.limits }) }),
  })
}

/** A copy that nobody can alter. */
export function frozenClient(client: Client): Client {
  return Object.freeze({
    ...client,
    ...(client.apis && { apis: Object.freeze([...client.apis]) }),
    credentials: Object.freeze(client.credentials.map(frozenCredential)),
  })
}

/** Dates are copied too: freezing does not keep their owner from setting them. */
function frozenCredential(credential: Credential): Credential {
  const { notBefore, expiresAt, revokedAt } = credential
  return Object.freeze({
    ...credential,
    ...(notBefore && { notBefore: new Date(notBefore) }),
    ...(expiresAt && { expiresAt: new Date(expiresAt) }),
    ...(revokedAt && { revokedAt: new Date(revokedAt) }),
  })
}
