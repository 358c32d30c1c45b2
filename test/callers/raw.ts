import { connect, type Socket } from 'node:net'
import { gatherFields, type Received } from './received.js'

interface Head {
  readonly status: number
  readonly message: string
  readonly fields: Record<string, string[]>
  readonly length: number
}

/** Speaks HTTP/1.1 byte by byte: for what no well-behaved client would send, or would hide. */
export class RawCaller {
  #bytes = Buffer.alloc(0)
  #over = false
  #wake: () => void = () => {}
  readonly closed: Promise<void>

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('end', () => this.#end())
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        this.#end()
        resolve()
      }),
    )
  }

  static async to(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawCaller> {
    const socket = connect({ port, host: '127.0.0.1', ...options })
    const caller = new RawCaller(socket)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return caller
  }

  send(...lines: string[]): this {
    this.socket.write(lines.join('\r\n'), 'latin1')
    return this
  }

  /** Sends the head of a request, and of a body of known length the whole. */
  ask(method: string, target: string, fields: readonly (readonly [string, string])[], body = ''): this {
    const named = new Set(fields.map(([name]) => name.toLowerCase()))
    const lines = fields.map(([name, value]) => `${name}: ${value}`)
    if (!named.has('host')) lines.unshift(`Host: 127.0.0.1:${this.socket.remotePort}`)
    if (body !== '' && !named.has('content-length') && !named.has('transfer-encoding'))
      lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
    return this.send(`${method} ${target} HTTP/1.1`, ...lines, '', body)
  }

  /** Everything that came and was not part of an answer read before. */
  get unread(): string {
    return this.#bytes.toString('latin1')
  }

  /** The next final answer, with those before it. */
  async answer(method = 'GET'): Promise<Received> {
    const interim: number[] = []
    for (;;) {
      const head = await this.#head()
      if (head.status < 200) {
        this.#bytes = this.#bytes.subarray(head.length)
        interim.push(head.status)
        continue
      }
      const bodiless = method === 'HEAD' || head.status === 204 || head.status === 304
      const body = await this.#body(head, bodiless)
      return { status: head.status, message: head.message, fields: head.fields, body, interim }
    }
  }

  /** Waits until so much has come in that `found` answers. */
  async until<T>(found: (text: string, over: boolean) => T | undefined): Promise<T> {
    for (;;) {
      const answer = found(this.unread, this.#over)
      if (answer !== undefined) return answer
      if (this.#over)
        throw new Error(`the connection ended after ${JSON.stringify(this.unread.slice(0, 300))}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #end(): void {
    this.#over = true
    this.#wake()
  }

  #head(): Promise<Head> {
    return this.until((text) => {
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return undefined
      const [first = '', ...lines] = text.slice(0, end).split('\r\n')
      const [, status, message = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(first) ?? []
      if (status === undefined) throw new Error(`no status line: ${JSON.stringify(first)}`)
      const raw = lines.flatMap((line) => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 2),
      ])
      return { status: Number(status), message, fields: gatherFields(raw), length: end + 4 }
    })
  }

  async #body(head: Head, bodiless: boolean): Promise<string> {
    const start = head.length
    const length = bodiless ? '0' : head.fields['content-length']?.[0]
    const [body, end] = await this.until<[string, number]>((text, over) => {
      if (length !== undefined) {
        const stop = start + Number(length)
        return text.length < stop ? undefined : [text.slice(start, stop), stop]
      }
      if (head.fields['transfer-encoding']) return unchunked(text, start)
      return over ? [text.slice(start), text.length] : undefined
    })
    this.#bytes = this.#bytes.subarray(end)
    return Buffer.from(body, 'latin1').toString()
  }
}

function unchunked(text: string, start: number): [string, number] | undefined {
  let body = ''
  let at = start
  for (;;) {
    const line = text.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return [body, next]
    body += text.slice(line + 2, line + 2 + size)
    at = next
  }
}
