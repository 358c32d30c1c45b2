import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

interface Resettable extends Duplex {
  resetAndDestroy?: Socket['resetAndDestroy']
  /** Of a socket of TLS: the one below. */
  readonly _parent?: Resettable | null
}

/** Whether nothing goes out through a socket any more: over TLS it may only be the one below that is gone, for a moment. */
export function isGone(socket: Resettable): boolean {
  return socket.destroyed || socket._parent?.destroyed === true
}

/**
 * Ends what comes through a socket at once. Closed plainly, the system would go on to send what it has been given, some megabytes, and to a slow
 * reader that lasts for minutes; with a reset it sends nothing more (RFC 9293 §3.10.5). An answer before it that a caller who pipelines has not
 * read yet goes with it.
 */
export function cutOff(socket: Resettable, destroy: () => unknown = () => socket.destroy()): void {
  if (isGone(socket)) return
  // It is being shut down: the system refuses a reset then, and Node would never close it.
  if (socket.writableEnded) return void destroy()
  const { _parent: below } = socket
  try {
    ;(below ?? socket).resetAndDestroy?.()
  } catch {
    // No TCP: a pipe knows no reset.
  }
  // Inside the parser of a request Node would lose count of its connections, where the socket below is gone already.
  if (below) setImmediate(destroy)
  else destroy()
}
