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

/**
 * The same of one HTTP/2 stream, which does not tell how much the peer has taken: only when a piece has been taken whole. How much
 * waits says nothing, since a handler that keeps up fills it again. Counted from the first look on at which something waits, so that
 * the streams of readers who keep up are left alone.
 */
export class StreamProgress {
  #steps = 0
  #counted = false

  of(stream: ServerHttp2Stream): number | undefined {
    if (stream.writableLength === 0) return undefined
    if (!this.#counted) this.#count(stream)
    return this.#steps
  }

  #count(stream: ServerHttp2Stream): void {
    this.#counted = true
    const { _write: write, _writev: writeMany } = stream
    const taken =
      (done: (error?: Error | null) => void): typeof done =>
      (error) => {
        this.#steps++
        done(error)
      }
    stream._write = (chunk, encoding, done) => write.call(stream, chunk, encoding, taken(done))
    if (writeMany) stream._writev = (chunks, done) => writeMany.call(stream, chunks, taken(done))
  }
}
