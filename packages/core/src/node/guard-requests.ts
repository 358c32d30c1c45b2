import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admission } from '../admission.js'
import { isPromise } from '../pending.js'
import { checkGiven, isFunction } from '../checked.js'
import type { Gate } from '../gate.js'
import type { GateOptions } from '../options.js'
import { enter } from './enter.js'
import { gateOf } from './gate-of.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'

/** Handles an admitted request. */
export type AdmittedHandler<Req, Res> = (req: Req, res: Res, admission: Admission) => void

/**
 * Puts the gate before a plain handler: the listener to give to `createServer` of `node:http`, `node:https` or `node:http2`.
 *
 * @throws OptionsError listing everything that is wrong with the options.
 */
export function guardRequests<Req extends Incoming = IncomingMessage, Res extends Outgoing = ServerResponse>(
  gateOrOptions: Gate | GateOptions,
  handler: AdmittedHandler<Req, Res>,
): (req: Req, res: Res) => void {
  const gate = gateOf(gateOrOptions)
  checkGiven('handler', isFunction, handler)
  return (req, res) => {
    const proceed = (admission: Admission | undefined) => {
      if (admission) handler(req, res, admission)
    }
    const entered = enter(gate, req, res)
    if (isPromise(entered)) void entered.then(proceed)
    else proceed(entered)
  }
}
