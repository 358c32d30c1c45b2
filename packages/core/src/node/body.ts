import type { Admission } from '../admission.js'
import type { Exchange } from './exchange.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { writeRefusal } from './refuse.js'

/**
 * Counts what is sent in chunks, of no length told beforehand, as it comes in, and refuses it once it is too long. The handler is
 * not disturbed in how it reads: it sees a body that breaks off.
 *
 * @returns whether the handler is to see it at all: not where too much has come already
 */
export function boundBody(
  exchange: Exchange,
  req: Incoming,
  maxBytes: number,
  admission: Admission,
): boolean {
  const { res } = exchange
  const { push } = req
  // While the gate waited for something nobody has read: what came lies there.
  let bytes = req.readableLength
  if (bytes > maxBytes) {
    const refusal = admission.bodyTooLarge()
    if (refusal) writeRefusal(exchange, req, refusal)
    return refusal === undefined
  }
  let broken = false
  req.push = function count(this: Incoming, chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (broken) return true
    bytes += chunk?.length ?? 0
    const refusal = bytes > maxBytes ? admission.bodyTooLarge() : undefined
    if (bytes > maxBytes && !refusal) maxBytes = Infinity
    if (!refusal) return push.call(this, chunk, encoding)
    broken = true
    writeRefusal(exchange, req, refusal)
    mute(res)
    // What comes is let go by. Who still waits for the rest is told that it breaks off, or would wait, and hold its slot, for ever.
    res.once('close', () => breakOff(req))
    return true
  }
  return true
}

/** Over HTTP/2 Node would throw the error where nobody listens to it, and end the process; over HTTP/1.1 it does not. */
function breakOff(req: Incoming): void {
  const heard = req.listenerCount('error') > 0
  req.destroy(heard ? new Error('the body is larger than requests.maxBodyBytes') : undefined)
}

/** The handler does not know that its answer has been given: what it says now goes nowhere, rather than throw. */
function mute(res: Outgoing): void {
  const self = () => res
  const nothing = () => {}
  Object.assign(res, {
    writeHead: self,
    setHeader: self,
    setHeaders: self,
    appendHeader: self,
    removeHeader: nothing,
  })
  // Whoever waits for what it wrote goes on, as it would for an answer that nobody reads.
  const written = (...args: unknown[]) => {
    const done = args.at(-1)
    if (typeof done === 'function') process.nextTick(done)
  }
  const write = (...args: unknown[]) => (written(...args), true)
  const end = (...args: unknown[]) => (written(...args), res)
  Object.assign(res, { flushHeaders: nothing, addTrailers: nothing, write, end })
}
