import type { Admission } from '../admission.js'
import type { Gate } from '../gate.js'
import { isPending, type Pending } from '../pending.js'
import type { Refusal } from '../refusal.js'
import { boundBody } from './body.js'
import { claimContinue, sendContinue } from './continue.js'
import { onceOver, releaseWhenOver } from './ending.js'
import { admissionBy, carriedBy, carry, Exchange } from './exchange.js'
import { stampedWriteHead } from './head.js'
import { readIncoming, type Incoming, type IncomingFacts } from './incoming.js'
import { isOver, type Outgoing } from './outgoing.js'
import { isClosing, writeRefusal } from './refuse.js'
import { warnOfUnguarded } from './unguarded.js'

type Outcome = Admission | Refusal

/**
 * Takes an HTTP exchange through the gate. Answers with the admission; with `undefined` where there is nothing left to do, because
 * it was refused, and the refusal written, or the caller has gone. On the spot, where nothing has to be waited for.
 * From then on the response is stamped as its head is written, and the connection given back as it ends.
 */
export function enter(
  gate: Gate,
  req: Incoming,
  res: Outgoing,
  facts?: IncomingFacts,
): Admission | undefined | Promise<Admission | undefined> {
  const already = admissionBy(gate, req)
  if (already) return already
  if (isOver(res) || isClosing(req)) return undefined
  warnOfUnguarded(gate, req)
  claimContinue(res)
  const outcome = gate.decide(readIncoming(req, facts))
  return isPending(outcome) ? afterWaiting(gate, req, res, outcome) : settle(gate, req, res, outcome)
}

/** Listens from the start: whoever hangs up while the gate waits would not be heard afterwards. */
async function afterWaiting(
  gate: Gate,
  req: Incoming,
  res: Outgoing,
  pending: Pending<Outcome>,
): Promise<Admission | undefined> {
  const unwatch = onceOver(req, res, () => pending.leave())
  const outcome = await pending.answer
  unwatch()
  if (!isOver(res)) return settle(gate, req, res, outcome)
  if (outcome.admitted) outcome.release()
  return undefined
}

function settle(gate: Gate, req: Incoming, res: Outgoing, outcome: Outcome): Admission | undefined {
  if (!outcome.admitted) {
    writeRefusal(req, res, outcome)
    return undefined
  }
  const outer = carriedBy(req)
  const exchange = new Exchange(gate, outcome, outer, res, res.writeHead)
  carry(req, exchange)
  outcome.carriedBy(exchange)
  // Ended between its admission and now: it has just been cut off.
  if (isOver(res)) return undefined
  if (!outer) {
    res.writeHead = stampedWriteHead as typeof res.writeHead
    releaseWhenOver(req, res)
  }
  boundBody(req, res, gate.maxBodyBytes, outcome)
  sendContinue(res)
  return outcome
}
