import type { Acceptance, Account, Client, Credential, Grant } from '../registry.js'

// Object.assign, not spread: a spread that is frozen gets a hidden class of its own in V8, each time, and then every look at an
// account costs more the more accounts there are.

/** A copy that nobody can alter, because what was checked must stay as it was. */
export function frozenAccount(account: Account): Account {
  const { limits, contacts, verifiedAt, grants, terminatesAt } = account
  const copies = {
    ...(limits && { limits: Object.freeze(Object.assign({}, limits)) }),
    ...(contacts && { contacts: Object.freeze(Object.assign({}, contacts)) }),
    ...(verifiedAt && { verifiedAt: new Date(verifiedAt) }),
    ...(grants && { grants: Object.freeze(grants.map(frozenGrant)) }),
    ...(terminatesAt && { terminatesAt: new Date(terminatesAt) }),
  }
  return Object.freeze(Object.assign({}, account, copies))
}

/** A copy that nobody can alter. */
export function frozenClient(client: Client): Client {
  const { apis, credentials, contacts, verifiedAt, networks, acceptances, terminatesAt } = client
  const copies = {
    ...(apis && { apis: Object.freeze([...apis]) }),
    credentials: Object.freeze(credentials.map(frozenCredential)),
    ...(contacts && { contacts: Object.freeze(Object.assign({}, contacts)) }),
    ...(verifiedAt && { verifiedAt: new Date(verifiedAt) }),
    ...(networks && { networks: Object.freeze([...networks]) }),
    ...(acceptances && { acceptances: Object.freeze(acceptances.map(frozenAcceptance)) }),
    ...(terminatesAt && { terminatesAt: new Date(terminatesAt) }),
  }
  return Object.freeze(Object.assign({}, client, copies))
}

/** As a table keeps it: what the history has, frozen and without a date, which could be set, need not be kept twice. */
export function keptAccount(account: Account): Account {
  const { limits, contacts, verifiedAt, grants, terminatesAt } = account
  const parts = [account, limits, contacts]
  const hasDates = [verifiedAt, grants, terminatesAt].some((part) => part != null)
  return hasDates || !parts.every(Object.isFrozen) ? frozenAccount(account) : account
}

/** The same of a client. */
export function keptClient(client: Client): Client {
  const { apis, credentials, contacts, verifiedAt, networks, acceptances, terminatesAt } = client
  const parts = [client, apis, credentials, contacts, networks, ...credentials]
  const hasDates = [verifiedAt, acceptances, terminatesAt].some((part) => part != null)
  return hasDates || credentials.some(isDated) || !parts.every(Object.isFrozen)
    ? frozenClient(client)
    : client
}

function isDated({ notBefore, expiresAt, revokedAt }: Credential): boolean {
  return [notBefore, expiresAt, revokedAt].some((date) => date != null)
}

function frozenGrant(grant: Grant): Grant {
  const { limits, from, until } = grant
  const copies = {
    limits: Object.freeze(Object.assign({}, limits)),
    ...(from && { from: new Date(from) }),
    ...(until && { until: new Date(until) }),
  }
  return Object.freeze(Object.assign({}, grant, copies))
}

function frozenAcceptance(acceptance: Acceptance): Acceptance {
  return Object.freeze(Object.assign({}, acceptance, { at: new Date(acceptance.at) }))
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
