import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createGate, createUsage, issueKey, memoryRegistry, type Usage } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { close, listen, SUBJECTS, type Handlers, type Running } from './subjects.js'
import { echoBehind, Opened } from './upgrading.js'

// Bytes as the provider's bill would tell them, beside bytes as the caller's socket counted them.

const opened = new Opened()
const running: Running[] = []
afterEach(async () => {
  await opened.close()
  await Promise.all(running.splice(0).map(close))
})

function setting() {
  const { key, digest } = issueKey()
  const other = issueKey()
  const gate = createGate({
    terms: { url: 'https://provider.example/terms' },
    registry: memoryRegistry({
      accounts: [{ id: 'acme' }, { id: 'globex' }],
      clients: [
        { id: 'app', account: 'acme', credentials: [{ digest }] },
        { id: 'wallboard', account: 'globex', credentials: [{ digest: other.digest }] },
      ],
    }),
    limits: { read: 100, write: 100 },
  })
  const usage = createUsage()
  const stop = usage.follow(gate)
  return { key, otherKey: other.key, gate, usage, stop }
}

const HANDLERS: Handlers = {
  '/hello': { answers: { json: { hello: 'world' } } },
  '/large': { answers: { text: 'x'.repeat(300_000) } },
  '/body': {
    async does({ req, res }) {
      let bytes = 0
      for await (const chunk of req) bytes += (chunk as Buffer).length
      res.end(String(bytes))
    },
  },
}

const head = (target: string, key: string | undefined, method = 'GET', fields = '') =>
  `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${key === undefined ? '' : `X-API-Key: ${key}\r\n`}${fields}\r\n`

/** A caller who counts. */
class Caller {
  bytesIn = 0
  text = ''
  readonly socket: Socket

  constructor(port: number) {
    this.socket = opened.add(connect(port, '127.0.0.1'), (socket) => socket.destroy())
    this.socket.on('error', () => undefined)
    this.socket.on('data', (chunk: Buffer) => {
      this.bytesIn += chunk.length
      this.text += chunk.toString('latin1')
    })
  }

  /** Sends requests, and waits until so many answers are whole. */
  async ask(sent: string, answers = 1): Promise<void> {
    const before = this.#answers()
    this.socket.write(sent)
    while (this.#answers() < before + answers) await once(this.socket, 'data')
  }

  #answers(): number {
    let at = 0
    for (let count = 0; ; count++) {
      const end = this.text.indexOf('\r\n\r\n', at)
      if (end === -1) return count
      const length = /\ncontent-length: (\d+)/i.exec(this.text.slice(at, end))
      const chunked = this.text.indexOf('\r\n0\r\n\r\n', end)
      at = length ? end + 4 + Number(length[1]) : chunked === -1 ? Infinity : chunked + 7
      if (at > this.text.length) return count
    }
  }
}

async function total(usage: Usage): Promise<{ bytesIn: number; bytesOut: number }> {
  const rows = await usage.of({ account: 'acme' })
  return {
    bytesIn: rows.reduce((sum, row) => sum + row.bytesIn, 0),
    bytesOut: rows.reduce((sum, row) => sum + row.bytesOut, 0),
  }
}

/** The caller may have read the end of an answer before the server is told of it. */
async function counted(usage: Usage, caller: { sent: number; got: number }) {
  await expect.poll(() => total(usage)).toEqual({ bytesIn: caller.sent, bytesOut: caller.got })
}

describe.each(SUBJECTS.filter(({ http2 }) => !http2).map((subject) => [subject.name, subject] as const))(
  'bytes counted in %s are those of the caller’s socket:',
  (_name, subject) => {
    async function start() {
      const { key, gate, usage } = setting()
      const app = await listen(subject, gate, HANDLERS)
      running.push(app)
      return { key, usage, port: app.port }
    }

    test('one request after another, with bodies, by length and in chunks', async () => {
      const { key, usage, port } = await start()
      const caller = new Caller(port)
      await caller.ask(head('/hello', key))
      await caller.ask(`${head('/body', key, 'POST', 'Content-Length: 5\r\n')}hello`)
      await caller.ask(`${head('/body', key, 'POST', 'Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n0\r\n\r\n`)
      await caller.ask(head('/large', key))
      await counted(usage, { sent: caller.socket.bytesWritten, got: caller.bytesIn })
    })

    test('without those of requests that were refused between', async () => {
      const { key, usage, port } = await start()
      const caller = new Caller(port)
      await caller.ask(head('/hello', key))
      const [sent, got] = [caller.socket.bytesWritten, caller.bytesIn]
      await caller.ask(head('/hello', undefined))
      const refused = { sent: caller.socket.bytesWritten - sent, got: caller.bytesIn - got }
      await caller.ask(head('/hello', key))
      await counted(usage, {
        sent: caller.socket.bytesWritten - refused.sent,
        got: caller.bytesIn - refused.got,
      })
    })

    test('many at once on one connection', async () => {
      const { key, usage, port } = await start()
      const caller = new Caller(port)
      await caller.ask(head('/hello', key).repeat(20), 20)
      await caller.ask(`${head('/large', key)}${head('/hello', key)}${head('/large', key)}`, 3)
      await counted(usage, { sent: caller.socket.bytesWritten, got: caller.bytesIn })
    })
  },
)

describe.each(SUBJECTS.filter(({ http2 }) => http2).map((subject) => [subject.name, subject] as const))(
  'bytes counted in %s over HTTP/2',
  (_name, subject) => {
    test('are those of the content', async () => {
      const { key, gate, usage } = setting()
      const app = await listen(subject, gate, HANDLERS)
      running.push(app)
      const session = opened.add(connectHttp2(`http://127.0.0.1:${app.port}`), (each) => each.destroy())
      const ask = async (path: string, body?: string) => {
        const method = body === undefined ? 'GET' : 'POST'
        const stream = session.request({ ':path': path, ':method': method, 'x-api-key': key })
        stream.end(body)
        let bytes = 0
        for await (const chunk of stream) bytes += (chunk as Buffer).length
        return bytes
      }
      const got = [await ask('/hello'), await ask('/body', 'hello'), await ask('/large')]
      await counted(usage, { sent: 5, got: got.reduce((one, other) => one + other) })
    })
  },
)

test('bytes of a WebSocket are those of its socket, its handshake included', async () => {
  const { key, gate, usage } = setting()
  const { port } = await echoBehind(gate, opened)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { 'x-api-key': key } })
  opened.add(socket, (each) => each.terminate())
  await once(socket, 'message')
  for (const message of ['one', 'two', 'x'.repeat(70_000)]) {
    socket.send(message)
    await once(socket, 'message')
  }
  const { _socket: raw } = socket as unknown as { _socket: Socket }
  // Open still, and told of already.
  await counted(usage, { sent: raw.bytesWritten, got: raw.bytesRead })
  socket.close()
  await once(socket, 'close')
  await counted(usage, { sent: raw.bytesWritten, got: raw.bytesRead })
})

test('bytes of requests that pass no gate are those of nobody', async () => {
  const { key, gate, usage } = setting()
  const guarded = guardRequests(gate, (_, res) => res.end('guarded'))
  const server = createServer((req, res) => (req.url === '/health' ? res.end('fine') : guarded(req, res)))
  opened.add(server, () => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const caller = new Caller(port)
  await caller.ask(head('/hello', key))
  const [sent, got] = [caller.socket.bytesWritten, caller.bytesIn]
  await caller.ask(head('/health', undefined))
  const unguarded = { sent: caller.socket.bytesWritten - sent, got: caller.bytesIn - got }
  await caller.ask(head('/hello', key))
  await counted(usage, {
    sent: caller.socket.bytesWritten - unguarded.sent,
    got: caller.bytesIn - unguarded.got,
  })
})

test('bytes of a request are none of those that wait on the same connection for its answer, whenever they are told', async () => {
  const { key, otherKey, gate, usage, stop } = setting()
  const waiting: ServerResponse[] = []
  const server = createServer(guardRequests(gate, (_, res) => void waiting.push(res)))
  opened.add(server, () => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const caller = new Caller((server.address() as AddressInfo).port)
  // What was counted is told as the first response ends, while the second is still to begin.
  gate.on('released', stop)
  caller.socket.write(head('/', key) + head('/', otherKey))
  await expect.poll(() => waiting.length).toBe(2)
  waiting[0]!.end('one')
  await expect.poll(() => caller.text).toMatch(/one$/)
  await expect
    .poll(() => usage.of())
    .toMatchObject([
      { account: 'acme', connections: 1, bytesIn: caller.socket.bytesWritten, bytesOut: caller.bytesIn },
      { account: 'globex', connections: 1, bytesIn: 0, bytesOut: 0 },
    ])
})
