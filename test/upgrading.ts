import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { guardUpgrades, type UpgradeHandler } from '@api-terms/core/node'
import type { Gate } from '@api-terms/core'
import { WebSocket, WebSocketServer } from 'ws'

/** What a test has opened, to be closed when it is over, the last first. */
export class Opened {
  readonly #closers: (() => unknown)[] = []

  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#closers.push(() => close(thing))
    return thing
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close()
  }
}

/** Listens on a free port of the loopback, and answers with its number. */
export async function listening(server: Server, opened: Opened): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  opened.add(server, () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A WebSocket server that says `hello` and gives back what it gets, behind a gate. */
export async function echoBehind(gate: Gate, opened: Opened, server = createServer()) {
  const sockets = opened.add(new WebSocketServer({ noServer: true }), (all) => all.close())
  sockets.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (message: Buffer) => socket.send(message.toString()))
    socket.send('hello')
  })
  const reached: IncomingMessage[] = []
  const detach = guardUpgrades(gate, server, (req, socket, head) => {
    reached.push(req)
    sockets.handleUpgrade(req, socket, head, (webSocket) => sockets.emit('connection', webSocket, req))
  })
  return { port: await listening(server, opened), server, sockets, reached, detach }
}

/** A server whose upgrades the handler given takes over. */
export async function upgradesBehind(gate: Gate, opened: Opened, handler: UpgradeHandler) {
  const server = createServer()
  const detach = guardUpgrades(gate, server, handler)
  return { port: await listening(server, opened), server, detach }
}

export function headersFor(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` }
}

/** A client of `ws`, with what it has been told so far. */
export class TestSocket {
  readonly messages: string[] = []
  readonly socket: WebSocket
  closed = false
  refusal: { status: number; headers: IncomingMessage['headers']; body: string } | undefined

  constructor(url: string, key: string | undefined, opened: Opened, more: object = {}) {
    this.socket = new WebSocket(url, { headers: headersFor(key), ...more })
    opened.add(this.socket, (socket) => socket.terminate())
    this.socket.on('error', () => {})
    this.socket.on('close', () => (this.closed = true))
    this.socket.on('message', (message: Buffer) => this.messages.push(message.toString()))
    this.socket.on('unexpected-response', (_, res) => {
      let body = ''
      res.on('data', (chunk: Buffer) => (body += chunk.toString()))
      res.on('end', () => {
        this.refusal = { status: res.statusCode ?? 0, headers: res.headers, body }
        this.closed = true
      })
    })
  }

  /** The first message, the refusal's reason, or `closed`: whichever comes first. */
  async told(): Promise<string> {
    await until(() => this.messages.length > 0 || this.closed)
    if (this.refusal) return (JSON.parse(this.refusal.body) as { reason: string }).reason
    return this.messages[0] ?? 'closed'
  }
}

/** A bare connection to the server, with what has come over it. */
export class RawSocket {
  received = ''
  readonly socket: Socket
  closed = false

  constructor(port: number, opened: Opened) {
    this.socket = opened.add(connect(port, '127.0.0.1'), (socket) => socket.destroy())
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')))
    this.socket.on('error', () => {})
    this.socket.on('close', () => (this.closed = true))
  }

  /** Asks for an upgrade; what follows goes in the same packet. */
  ask(key: string | undefined, { method = 'GET', protocol = 'websocket', after = '' } = {}): this {
    const authorization = key === undefined ? [] : [`Authorization: Bearer ${key}`]
    const lines = [
      `${method} /v1/realtime HTTP/1.1`,
      'Host: api.test',
      'Connection: Upgrade',
      `Upgrade: ${protocol}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...authorization,
    ]
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n${after}`)
    return this
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(this.received)?.[1])
  }
}

/** Switches protocols by hand: what comes then is raw bytes. */
export function switchProtocols(socket: Duplex): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
}

/** Waits until it is so. Whoever waits too long fails by the test's own time limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 2))
}
