import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Traffic } from '../carrier.js'

const NOTHING: Traffic = Object.freeze({ bytesIn: 0, bytesOut: 0 })

/**
 * Bytes of HTTP/1.1 are those of the socket, heads and framing included, since the end of the response before. So what a socket has
 * carried is the sum of its requests, whatever they were; of pipelined ones the first carries what had come of the others by its end.
 */
export class Mark {
  private bytesIn: number
  private bytesOut: number
  /** The response that is ending, and what it has taken: read once for all who ask. */
  private over: Waiting | undefined = undefined
  private taken = NOTHING

  constructor(private readonly socket: Handled) {
    const { bytesRead, bytesWritten } = countersOf(socket)
    this.bytesOut = bytesWritten
    // What came before the first answer belongs to the first request.
    this.bytesIn = bytesWritten === 0 ? 0 : bytesRead
  }

  /** What a response has taken so far, or an upgraded socket. One that waits for the response before has taken nothing yet. */
  takenBy(res?: Waiting): Traffic {
    if (this.over) return this.over === res ? this.taken : NOTHING
    if (res && !res.socket) return NOTHING
    return this.sinceLast()
  }

  /** A response is ending, whether a gate knows of it or not: what it has taken stands until {@link passOn}. */
  end(res: Waiting): void {
    this.over = res
    this.taken = this.sinceLast()
  }

  /** From here on bytes are those of the next. */
  passOn(): void {
    this.bytesIn += this.taken.bytesIn
    this.bytesOut += this.taken.bytesOut
    this.over = undefined
  }

  private sinceLast(): Traffic {
    const { bytesRead, bytesWritten } = countersOf(this.socket)
    return { bytesIn: bytesRead - this.bytesIn, bytesOut: bytesWritten - this.bytesOut }
  }
}

interface Counters {
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** Node keeps the counters where it reads and writes, until the socket is closed. */
interface Handled extends Socket {
  readonly _handle?: Counters | null
}

/** Asked of the socket itself they cost five times as much, a hundredth of a small answer: it adds up what it has not written yet. */
function countersOf(socket: Handled): Counters {
  return socket._handle ?? keptBy(socket)
}

/** They outlive the socket. */
function keptBy({ bytesRead = 0, bytesWritten = 0 }: Partial<Counters>): Counters {
  return { bytesRead, bytesWritten }
}

/** A response has a socket from when its turn comes. */
interface Waiting {
  readonly socket?: unknown
}

/** A symbol of the whole process, so that two loaded copies of this package find the same one. */
const TRAFFIC = Symbol.for('api-terms.traffic')

interface Marked extends Handled {
  [TRAFFIC]?: Mark
}

/** From now on the bytes of this socket are counted. Those of requests that were answered before belong to nobody. */
export function markOf(socket: Marked): Mark {
  return (socket[TRAFFIC] ??= new Mark(socket))
}

interface Measured extends ServerHttp2Stream {
  [TRAFFIC]?: { bytesIn: number; bytesOut: number }
}

/**
 * Counts the content of an HTTP/2 stream. Its header fields are compressed together with those of all others of the connection. What Node
 * sends of a file by itself does not pass here, and its handle, which has counted it, is gone as the stream closes: to ask it then ends the process.
 */
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
