import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

/** What `requests.methods` is where it is left out. */
const COMMON_METHODS: readonly string[] = Object.freeze([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
])

/**
 * IANA's HTTP Method Registry. Node's parser delivers methods of other protocols as well (PURGE, M-SEARCH, NOTIFY …):
 * those are not implemented (501), where a registered one is merely not allowed (405; RFC 9110 §9.1).
 */
const REGISTERED = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY ' +
    'MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY ' +
    'REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
)

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** What is wrong with a method among the options, and the remedy. */
export function methodProblem(method: string): string | undefined {
  if (!TOKEN.test(method)) return "must be a method of HTTP, e.g. 'GET'"
  const upper = method.toUpperCase()
  if (REGISTERED.has(method) || !REGISTERED.has(upper)) return undefined
  return `never matches, because methods are case-sensitive: write '${upper}'`
}

/** HEAD follows GET: with GET it is there, wherever it was or was not named (RFC 9110 §9.3.2). */
export function coverHead(methods: readonly string[]): Set<string> {
  return new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))
}

/** Refuses methods that are not documented, as `method-not-allowed`. */
export function createMethodCheck(methods = COMMON_METHODS): (request: GateRequest) => Ground | undefined {
  const documented = coverHead(methods)
  const names = [...documented].join(', ')
  const notAllowed = Object.freeze<Ground>({
    reason: 'method-not-allowed',
    detail: `The documented methods are ${names}.`,
    headers: { Allow: names },
  })
  const notImplemented = Object.freeze<Ground>({
    reason: 'method-not-allowed',
    status: 501,
    detail: `HTTP registers no such method. The documented methods are ${names}.`,
  })
  // A few texts that Node's parser has made before: looking through them is cheaper than a look into a set.
  const listed = [...documented]
  return ({ method }) => {
    if (listed.includes(method)) return undefined
    return REGISTERED.has(method) ? notAllowed : notImplemented
  }
}
