import { fixedDate, isFixedDate } from '../fixed-date.js'
import type { Acceptance, Account, Client, Credential, Grant } from '../../registry.js'

// Object.assign, not spread: a spread that is frozen gets a hidden class of its own in V8, each time, and then every look at an
// account costs more the more accounts there are.

/** A copy that nobody can alter, because what was checked must stay as it was. */
export function frozenAccount(account: Account): Account {
  const { limits, contacts, verifiedAt, grants, terminatesAt, ownNotice } = account
  const copies = {
    ...(limits && { limits: Object.freeze(Object.assign({}, limits)) }),
    ...(contacts && { contacts: Object.freeze(Object.assign({}, contacts)) }),
    ...(verifiedAt && { verifiedAt: fixedDate(verifiedAt) }),
    ...(grants && { grants: Object.freeze(grants.map(frozenGrant)) }),
    ...(terminatesAt && { terminatesAt: fixedDate(terminatesAt) }),
    ...(ownNotice && { ownNotice: fixedDate(ownNotice) }),
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
    ...(verifiedAt && { verifiedAt: fixedDate(verifiedAt) }),
    ...(networks && { networks: Object.freeze([...networks]) }),
    ...(acceptances && { acceptances: Object.freeze(acceptances.map(frozenAcceptance)) }),
    ...(terminatesAt && { terminatesAt: fixedDate(terminatesAt) }),
  }
  return Object.freeze(Object.assign({}, client, copies))
}

/** As a table keeps it: what the history has need not be kept twice where nobody can alter it. */
export function keptAccount(account: Account): Account {
  return isUnalterable(account) ? account : frozenAccount(account)
}

/** The same of a client. */
export function keptClient(client: Client): Client {
  return isUnalterable(client) ? client : frozenClient(client)
}

/** Whether all of it is frozen. A Date that is no more than that could be set all the same. */
function isUnalterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Object.prototype.toString.call(value) === '[object Date]') return isFixedDate(value)
  return Object.isFrozen(value) && Object.values(value).every(isUnalterable)
}

function frozenGrant(grant: Grant): Grant {
  const { limits, from, until } = grant
  const copies = {
    limits: Object.freeze(Object.assign({}, limits)),
    ...(from && { from: fixedDate(from) }),
    ...(until && { until: fixedDate(until) }),
  }
  return Object.freeze(Object.assign({}, grant, copies))
}

function frozenAcceptance(acceptance: Acceptance): Acceptance {
  return Object.freeze(Object.assign({}, acceptance, { at: fixedDate(acceptance.at) }))
}

function frozenCredential(credential: Credential): Credential {
  const { notBefore, expiresAt, revokedAt } = credential
  const dates = {
    ...(notBefore && { notBefore: fixedDate(notBefore) }),
    ...(expiresAt && { expiresAt: fixedDate(expiresAt) }),
    ...(revokedAt && { revokedAt: fixedDate(revokedAt) }),
  }
  return Object.freeze(Object.assign({}, credential, dates))
}
