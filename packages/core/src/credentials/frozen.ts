import type { Account, Client, Credential } from '../registry.js'

// Object.assign, not spread: a spread that is frozen gets a hidden class of its own in V8, each time, and then every look at an
// account costs more the more accounts there are.

/** A copy that nobody can alter, because what was checked must stay as it was. */
export function frozenAccount(account: Account): Account {
  const { limits } = account
  return Object.freeze(
    Object.assign({}, account, limits && { limits: Object.freeze(Object.assign({}, limits)) }),
  )
}

/** A copy that nobody can alter. */
export function frozenClient(client: Client): Client {
  const { apis, credentials } = client
  return Object.freeze(
    Object.assign({}, client, apis && { apis: Object.freeze([...apis]) }, {
      credentials: Object.freeze(credentials.map(frozenCredential)),
    }),
  )
}

/** Dates are copied too: freezing does not keep their owner from setting them. */
function frozenCredential(credential: Credential): Credential {
  const { notBefore, expiresAt, revokedAt } = credential
  const dates = {
    ...(notBefore && { notBefore: new Date(notBefore) }),
    ...(expiresAt && { expiresAt: new Date(expiresAt) }),
    ...(revokedAt && { revokedAt: new Date(revokedAt) }),
  }
  return Object.freeze(Object.assign({}, credential, dates))
}
