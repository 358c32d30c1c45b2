import { IncomingMessage, ServerResponse } from 'node:http'
import type { Incoming, Outgoing, Prepare } from '@api-terms/core/node'

/**
 * What Express 4 and 5 and their routers add to each request and response, and what Node adds where it differs from the prototype's. Not `query`:
 * Express 5 has a getter in the prototype, and Express 4 adds it before it changes that. Nor `route`, which is there only once one has matched: apps
 * ask `'route' in req`.
 */
const ADDED_TO_REQUEST = ['res', 'next', 'baseUrl', 'originalUrl', '_parsedUrl', 'params'] as const
const OWNED_BY_REQUEST = ['_eventsCount'] as const
const ADDED_TO_RESPONSE = ['locals'] as const
const OWNED_BY_RESPONSE = ['statusCode', 'statusMessage'] as const

type Named<Names extends readonly string[]> = { [name in Names[number]]?: unknown }

interface Request extends Named<typeof ADDED_TO_REQUEST>, Named<typeof OWNED_BY_REQUEST> {
  [symbol: symbol]: unknown
}

interface Response extends Named<typeof ADDED_TO_RESPONSE>, Named<typeof OWNED_BY_RESPONSE> {}

/**
 * Gives each request and response, as it arrives, the members that Express and Node add to it later.
 *
 * Express puts prototypes of its own into both, and in Node 20 and 22 (V8 before 13) an object that was given another prototype gets a shape
 * that no other has with each member added after that. The engine then remembers nothing of what it has found in one for the next: a
 * hundred searches for a small answer, more than half of its time. A member that is there already is not added, and all keep one shape.
 *
 * Where the app's own prototypes have one of them nothing is done, since it would hide theirs.
 */
export function ownMembers(seenReq: Incoming, seenRes: Outgoing): Prepare | undefined {
  const areFree =
    hasNone(seenReq, IncomingMessage.prototype, ADDED_TO_REQUEST, OWNED_BY_REQUEST) &&
    hasNone(seenRes, ServerResponse.prototype, ADDED_TO_RESPONSE, OWNED_BY_RESPONSE)
  if (!areFree) return undefined
  const symbols = routerSymbols(seenReq)
  return (incoming, outgoing) => {
    const req = incoming as unknown as Request
    const res = outgoing as unknown as Response
    req.res = undefined
    req.next = undefined
    req.baseUrl = undefined
    req.originalUrl = undefined
    req._parsedUrl = undefined
    req.params = undefined
    for (const symbol of symbols) req[symbol] = undefined
    res.locals = undefined
    // oxlint-disable no-self-assign -- what is the prototype's becomes its own
    req._eventsCount = req._eventsCount
    res.statusCode = res.statusCode
    res.statusMessage = res.statusMessage
    // oxlint-enable no-self-assign
  }
}

/** Whether no prototype has what Express adds, and none of the app's, which come before Node's, what Node adds. */
function hasNone(seen: object, ofNode: object, added: readonly string[], owned: readonly string[]): boolean {
  let proto = Object.getPrototypeOf(seen) as object | null
  if (!proto || added.some((name) => name in proto!)) return false
  while (proto && proto !== ofNode) {
    const at = proto
    if (owned.some((name) => Object.hasOwn(at, name))) return false
    proto = Object.getPrototypeOf(at) as object | null
  }
  return proto === ofNode
}

/** The router of Express 5 keeps the pattern that has matched under a symbol of its own. */
function routerSymbols(req: object): symbol[] {
  return Object.getOwnPropertySymbols(req).filter(({ description }) => description?.startsWith('router.'))
}
