import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Traffic } from '../carrier.js'

/**
 * Bytes of HTTP/1.1 are those of the socket, heads and framing included, since the end of the response before. So what a socket has
 * carried is the sum of its requests, whatever they were; of pipelined ones the first carries what had come of the others by its end.
 */
export class Mark {
  bytesIn = 0
  bytesOut = 0
  /** Where the counters stand as a response ends: read once for all who ask. */
  end: Traffic | undefined = undefined
}

/** Symbols of the whole process, so that two loaded copies of this package find the same ones. */
const TRAFFIC = Symbol.for('api-terms.traffic')

/** On a server some of whose sockets are measured. */
const MEASURED = Symbol.for('api-terms.measured')

interface Marked extends Socket {
  [TRAFFIC]?: Mark
  readonly server?: { [MEASURED]?: true }
}

/** Those of requests that pass no gate are told apart as well: a socket may carry both. */
export function isMeasured(server: object): boolean {
  return (server as { [MEASURED]?: true })[MEASURED] === true
}

/** From now on the bytes of this socket are counted. Those of requests that were answered before belong to nobody. */
export function measureSocket(socket: Marked): void {
  if (socket[TRAFFIC]) return
  const mark = (socket[TRAFFIC] = new Mark())
  if (socket.server) socket.server[MEASURED] = true
  if (socket.bytesWritten === 0) return
  mark.bytesIn = socket.bytesRead
  mark.bytesOut = socket.bytesWritten
}

/** What an exchange has taken so far. One that waits for the response before has taken nothing yet. */
export function socketTraffic(socket: Marked, res?: { readonly socket?: unknown }): Traffic | undefined {
  const mark = socket[TRAFFIC]
  if (!mark) return undefined
  if (!mark.end && res && !res.socket) return NOTHING
  const { bytesIn, bytesOut } = mark.end ?? socketBytes(socket)
  return { bytesIn: bytesIn - mark.bytesIn, bytesOut: bytesOut - mark.bytesOut }
}

const NOTHING: Traffic = Object.freeze({ bytesIn: 0, bytesOut: 0 })

/** A response is ending, whether a gate knows of it or not. Answers what is to be passed to {@link passOn} once that is told. */
export function markEnd(socket: Marked | undefined): Mark | undefined {
  const mark = socket?.[TRAFFIC]
  if (mark) mark.end = socketBytes(socket)
  return mark
}

/** From here on bytes are those of the next. */
export function passOn(mark: Mark): void {
  mark.bytesIn = mark.end!.bytesIn
  mark.bytesOut = mark.end!.bytesOut
  mark.end = undefined
}

/** It may have been closed before: the counters outlive that. */
function socketBytes({ bytesRead, bytesWritten }: Socket): Traffic {
  return { bytesIn: bytesRead, bytesOut: bytesWritten ?? 0 }
}

interface Measured extends ServerHttp2Stream {
  [TRAFFIC]?: { bytesIn: number; bytesOut: number }
}

/** Counts the content of an HTTP/2 stream. Its header fields are compressed together with those of all others of the connection. */
export function measureStream(stream: Measured): void {
  if (stream[TRAFFIC]) return
  const traffic = (stream[TRAFFIC] = { bytesIn: 0, bytesOut: 0 })
  const { push, _write: write, _writev: writeMany } = stream
  stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    traffic.bytesIn += chunk?.length ?? 0
    return push.call(stream, chunk, encoding)
  }
  stream._write = (chunk: string | Uint8Array, encoding, done) => {
    traffic.bytesOut += Buffer.byteLength(chunk, encoding)
    write.call(stream, chunk, encoding, done)
  }
  if (!writeMany) return
  stream._writev = (chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[], done) => {
    for (const { chunk, encoding } of chunks) traffic.bytesOut += Buffer.byteLength(chunk, encoding)
    writeMany.call(stream, chunks, done)
  }
}

export function streamTraffic(stream: Measured): Traffic | undefined {
  return stream[TRAFFIC] && { ...stream[TRAFFIC] }
}
