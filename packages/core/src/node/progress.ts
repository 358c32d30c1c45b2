import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

/**
 * A number that changes whenever the peer takes something of what waits for it; `undefined` while nothing waits. What the kernel has
 * taken of a large chunk counts too, else a slow reader of one would pass for a stalled one.
 */
export function socketProgress(socket: Socket): number | undefined {
  const waiting = socket.writableLength
  if (waiting === 0) return undefined
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null }
  return socket.bytesWritten - waiting - (handle?.writeQueueSize ?? 0)
}

/** The same of one HTTP/2 stream, which does not tell how much the peer has taken: only whether less waits than before. */
export class StreamProgress {
  #waiting = 0
  #steps = 0

  of(stream: ServerHttp2Stream): number | undefined {
    const waiting = stream.writableLength
    if (waiting < this.#waiting) this.#steps++
    this.#waiting = waiting
    return waiting === 0 ? undefined : this.#steps
  }
}
