import type { Admission } from '../admission.js'
import type { Gate } from '../gate.js'
import { isPending, type Pending } from '../pending.js'
import type { GateRequest } from '../request.js'
import type { Outcome } from '../admission.js'
import { measure, openLate, type Preparing } from './arrivals.js'
import { boundBody } from './body.js'
import { claimContinue, sendContinue } from './continue.js'
import { onceOver, releaseWithSocket } from './ending.js'
import { carriedBy, carriedThrough, carry, InnerExchange, type Exchange } from './exchange.js'
import { readIncoming, type Incoming, type IncomingFacts } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { isClosing, writeRefusal } from './refuse.js'
import { warnOfUnguarded } from './unguarded.js'

/**
 * Takes an HTTP exchange through the gate. Answers with the admission; with `undefined` where there is nothing left to do, because
 * it was refused, and the refusal written, or the caller has gone. On the spot, where nothing has to be waited for.
 * From then on the response is stamped as its head is written, and the connection given back as it ends.
 *
 * @param preparing asked once for each server: what its framework has done to request and response before they come to the gate
 */
export function enter(
  gate: Gate,
  req: Incoming,
  res: Outgoing,
  facts?: IncomingFacts,
  preparing?: Preparing,
): Admission | undefined | Promise<Admission | undefined> {
  const carried = carriedBy(req) as Exchange | undefined
  const already = carriedThrough(gate, carried)
  if (already) return already.admission
  const exchange = carried ? fresh(carried) : openLate(req, res, preparing)
  if (exchange.isOver || isClosing(exchange)) return undefined
  if (gate.measuring && !exchange.mark) measure(exchange)
  warnOfUnguarded(gate, exchange.socket)
  const request = readIncoming(req, facts)
  const expects = request.headers.expect !== undefined
  if (expects) claimContinue(res)
  const outcome = gate.decide(request)
  if (isPending(outcome)) return afterWaiting(gate, exchange, request, req, expects, outcome)
  return settle(gate, exchange, request, req, expects, outcome)
}

/** The exchange that is open already, or, behind another gate, one more. */
function fresh(carried: Exchange): Exchange {
  return carried.admission ? new InnerExchange(carried) : carried
}

/** Listens from the start: whoever hangs up while the gate waits would not be heard afterwards. */
async function afterWaiting(
  gate: Gate,
  exchange: Exchange,
  request: GateRequest,
  req: Incoming,
  expects: boolean,
  pending: Pending<Outcome>,
): Promise<Admission | undefined> {
  const unwatch = onceOver(exchange, () => pending.leave())
  const outcome = await pending.answer
  unwatch()
  if (!exchange.isOver) return settle(gate, exchange, request, req, expects, outcome)
  if (outcome.admitted) outcome.release()
  return undefined
}

function settle(
  gate: Gate,
  exchange: Exchange,
  request: GateRequest,
  req: Incoming,
  expects: boolean,
  outcome: Outcome,
): Admission | undefined {
  if (!outcome.admitted) {
    writeRefusal(exchange, req, outcome)
    return undefined
  }
  exchange.admission = outcome
  if (exchange.outer) carry(req, exchange)
  outcome.carriedBy(exchange)
  // Ended between its admission and now: it has just been cut off.
  if (exchange.isOver) {
    outcome.release()
    return undefined
  }
  releaseWithSocket(exchange)
  const { maxBodyBytes } = gate
  const isBounded = maxBodyBytes !== Infinity && isUnmeasured(request)
  if (isBounded && !boundBody(exchange, req, maxBodyBytes, outcome)) return undefined
  if (expects) sendContinue(exchange.res)
  return outcome
}

/** Content whose length is not told beforehand. */
function isUnmeasured({ hasBody, headers }: GateRequest): boolean {
  return hasBody && headers['content-length'] === undefined
}
