import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

interface Resettable extends Duplex {
  resetAndDestroy?: Socket['resetAndDestroy']
  /** Of a socket of TLS: the one below. */
  readonly _parent?: Resettable | null
}

/**
 * Ends what comes through a socket at once. Closed plainly, the system would go on to send what it has been given, some megabytes, and to a slow
 * reader that lasts for minutes; with a reset it sends nothing more (RFC 9293 §3.10.5).
 */
export function cutOff(socket: Resettable): void {
  if (socket.destroyed) return
  try {
    ;(socket._parent ?? socket).resetAndDestroy?.()
  } catch {
    // No TCP: a pipe knows no reset.
  }
  socket.destroy()
}
