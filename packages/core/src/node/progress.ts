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

/** On a stream of HTTP/2: how many pieces the peer has taken whole. */
const STEPS = Symbol('api-terms.steps')

interface Counted extends ServerHttp2Stream {
  [STEPS]?: number
}

/**
 * The same of one HTTP/2 stream, which does not tell how much the peer has taken: only when a piece has been taken whole. How much
 * waits says nothing, since a handler that keeps up fills it again. Counted from the first look on at which something waits, so that
 * the streams of readers who keep up are left alone.
 */
export function streamProgress(stream: Counted): number | undefined {
  if (stream.writableLength === 0) return undefined
  if (stream[STEPS] === undefined) countSteps(stream)
  return stream[STEPS]
}

function countSteps(stream: Counted): void {
  const { _write: write, _writev: writeMany } = stream
  let steps = (stream[STEPS] = 0)
  const taken =
    (done: (error?: Error | null) => void): typeof done =>
    (error) => {
      stream[STEPS] = ++steps
      done(error)
    }
  stream._write = (chunk, encoding, done) => write.call(stream, chunk, encoding, taken(done))
  if (writeMany) stream._writev = (chunks, done) => writeMany.call(stream, chunks, taken(done))
}
