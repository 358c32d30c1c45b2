import type { Server, ServerResponse } from 'node:http'

/** What a response to `Expect: 100-continue` waits with. */
const HELD = Symbol.for('api-terms.continue')

interface Held extends ServerResponse {
  [HELD]?: 'unclaimed' | 'claimed'
}

/**
 * Node answers `100 Continue` before any middleware sees the request, so that a caller sends the whole body of a request that is
 * about to be refused (RFC 9110 §10.1.1). This holds the answer back until a gate has decided, or, where no gate takes up the
 * request in the same turn, until the next turn. Servers with a `checkContinue` listener are left alone.
 */
export function holdContinue(response: Held, server: Server): void {
  if (server.listenerCount('checkContinue') > 0) return
  response.writeContinue = function hold(this: Held) {
    this[HELD] = 'unclaimed'
    setImmediate(() => this[HELD] === 'unclaimed' && sendContinue(this))
  }
}

/** A gate has taken up the request: the answer waits for its decision. */
export function claimContinue(res: object): void {
  if ((res as Held)[HELD]) (res as Held)[HELD] = 'claimed'
}

/** The request is admitted: its body may come. */
export function sendContinue(res: object): void {
  const response = res as Held
  if (!response[HELD]) return
  delete response[HELD]
  delete (response as Partial<Held>).writeContinue
  if (!response.headersSent && !response.destroyed) response.writeContinue()
}
