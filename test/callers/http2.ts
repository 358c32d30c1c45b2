import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { gatherFields, type Received } from './received.js'

/** Speaks HTTP/2 without TLS. */
export class Http2Caller {
  private constructor(
    readonly session: ClientHttp2Session,
    readonly socket: Socket,
  ) {}

  static async to(port: number): Promise<Http2Caller> {
    const socket = connectSocket(port, '127.0.0.1')
    const session = connect(`http://127.0.0.1:${port}`, { createConnection: () => socket })
    session.on('error', () => {})
    await once(session, 'connect')
    return new Http2Caller(session, socket)
  }

  /** Opens a stream; `body: null` leaves it open for more to be written. */
  open(
    method: string,
    target: string,
    fields: readonly (readonly [string, string])[],
    body: string | null = '',
  ): ClientHttp2Stream {
    const headers: OutgoingHttpHeaders = { ':method': method, ':path': target }
    for (const [name, value] of fields) headers[name.toLowerCase()] = value
    if (body) headers['content-length'] = Buffer.byteLength(body)
    const stream = this.session.request(headers, { endStream: body === '' })
    stream.on('error', () => {})
    if (body) stream.end(body)
    return stream
  }

  close(): void {
    this.session.destroy()
  }
}

/** The final answer of a stream, with those before it. */
export function answerOf(stream: ClientHttp2Stream): Promise<Received> {
  return new Promise((resolve, reject) => {
    const interim: number[] = []
    const chunks: Buffer[] = []
    let head: Pick<Received, 'status' | 'fields'> | undefined
    stream.on('headers', (headers) => interim.push(Number(headers[':status'])))
    stream.on('response', (headers, _flags, raw?: string[]) => {
      head = { status: Number(headers[':status']), fields: gatherFields(raw ?? []) }
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      if (head) resolve({ ...head, message: '', interim, body: Buffer.concat(chunks).toString() })
    })
    stream.on('close', () => reject(new Error(`the stream ended without an answer (${stream.rstCode})`)))
  })
}
