import type { Duplex } from 'node:stream'
import type { Admission } from '../admission.js'
import type { ResponseHead } from '../head.js'

const STATUS_LINE = /^HTTP\/1\.1 101 [^\r\n]*\r\n/

/**
 * Has the head stamped that takes an upgrade up. What takes over writes it to the socket by itself, so it is looked for in what is written
 * first; what is no such head, and all that comes later, is written as it is.
 */
export function stampSwitch(socket: Duplex, admission: Admission): void {
  const own = Object.getOwnPropertyDescriptor(socket, 'write')
  const before = socket.write
  let isFirst = true
  const writeFirst = function (this: Duplex, chunk: unknown, ...rest: never[]) {
    const written = isFirst ? withLines(chunk, admission) : chunk
    isFirst = false
    // Where somebody has put another function in front meanwhile it stays, and calls this one on.
    if (socket.write === writeFirst) {
      if (own) Object.defineProperty(socket, 'write', own)
      else delete (socket as Partial<Duplex>).write
    }
    return (before as (...args: unknown[]) => boolean).call(this, written, ...rest)
  } as Duplex['write']
  socket.write = writeFirst
}

/** Behind the status line: there it does not matter whether the rest of the head comes in the same piece. */
function withLines(chunk: unknown, admission: Admission): unknown {
  const text = typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? latin1Of(chunk) : ''
  const [statusLine] = STATUS_LINE.exec(text) ?? []
  if (statusLine === undefined) return chunk
  const head = new SwitchingHead()
  admission.stamp(head)
  const stamped = statusLine + head.lines + text.slice(statusLine.length)
  return typeof chunk === 'string' ? stamped : Buffer.from(stamped, 'latin1')
}

function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

/** Takes what is set as lines to be added: each of these fields is a list, or nobody else's. */
class SwitchingHead implements ResponseHead {
  readonly statusCode = 101
  lines = ''

  getHeaderNames(): string[] {
    return []
  }

  getHeader(): undefined {}

  setHeader(name: string, value: string | readonly string[]): void {
    for (const line of typeof value === 'string' ? [value] : value) this.lines += `${name}: ${line}\r\n`
  }

  removeHeader(): void {}
}
