import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createGate, createUsage, issueKey, memoryRegistry } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'

// What usage tells beside what the handlers, the callers and the sockets of the server have counted by themselves. `npm run usage` does it with
// 100,000 requests.

const REQUESTS = Number(process.env['USAGE_REQUESTS'] ?? 3000)
const CALLERS = 24
/** `blocked` may hold nothing: each of its requests is refused. */
const ACCOUNTS = ['acme', 'globex', 'initech', 'blocked']

interface Counted {
  connections: number
  refused: number
  bytesIn: number
  bytesOut: number
  heldMs: number
  open: number
  peak: number
}

test(
  `usage after ${REQUESTS} requests with aborts is what was counted independently`,
  { timeout: 900_000 },
  async () => {
    const random = randomFrom(Number(process.env['USAGE_SEED'] ?? 7))
    const { keys, registry } = records()
    const gate = createGate({
      terms: { url: 'https://provider.example/terms' },
      registry,
      limits: { read: 1e6, write: 1e6 },
    })
    const usage = createUsage({ flushMs: 50 })
    usage.follow(gate)
    const counts = new Map<string, Counted>(
      ACCOUNTS.map((account) => [
        account,
        { connections: 0, refused: 0, bytesIn: 0, bytesOut: 0, heldMs: 0, open: 0, peak: 0 },
      ]),
    )
    const handler = guardRequests(gate, (req, res, { account }) => serve(req, res, counts.get(account.id)!))
    const server = createServer(handler)
    // Each socket is one account's: its port tells whose.
    const accountOf = new Map<number, string>()
    let sockets = 0
    server.on('connection', (socket: Socket) => {
      sockets++
      const { remotePort } = socket
      socket.on('close', () => {
        sockets--
        const counted = counts.get(accountOf.get(remotePort!)!)!
        counted.bytesIn += socket.bytesRead
        counted.bytesOut += socket.bytesWritten
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo

    let left = REQUESTS
    const call = async () => {
      while (left > 0) {
        const account = ACCOUNTS[Math.floor(random() * ACCOUNTS.length)]!
        const socket = connect(port, '127.0.0.1').setNoDelay()
        const closed = new Promise((resolve) => socket.on('close', resolve))
        socket.on('error', () => undefined)
        await new Promise((resolve) => socket.on('connect', resolve))
        accountOf.set(socket.localPort!, account)
        for (let n = Math.ceil(random() * 10); n > 0 && left > 0 && !socket.destroyed; n--) {
          left--
          await oneRequest(socket, keys.get(account)!, random, () => counts.get(account)!.refused++)
        }
        socket.destroy()
        await closed
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, call))
    await expect.poll(() => sockets).toBe(0)
    server.close()
    await gate.close()
    await usage.close()

    for (const account of ACCOUNTS) {
      const rows = await usage.of({ account })
      const sum = (pick: (row: (typeof rows)[number]) => number) =>
        rows.reduce((all, row) => all + pick(row), 0)
      const counted = counts.get(account)!
      expect(sum((row) => row.connections)).toBe(counted.connections)
      if (account === 'blocked') {
        const refused = sum((row) => row.refusals['connections-exhausted'] ?? 0)
        // Of one that was aborted the answer was not seen.
        expect(refused).toBeGreaterThanOrEqual(counted.refused)
        expect(sum((row) => row.bytesOut)).toBe(0)
        continue
      }
      expect(sum((row) => row.bytesIn)).toBe(counted.bytesIn)
      expect(sum((row) => row.bytesOut)).toBe(counted.bytesOut)
      // The handler begins a little later than the slot, and the clock is read in whole ms: half of one off on average.
      expect(Math.abs(sum((row) => row.heldMs) - counted.heldMs)).toBeLessThan(counted.connections)
      expect(Math.max(...rows.map((row) => row.peak))).toBeLessThanOrEqual(CALLERS)
      expect(sum((row) => row.peak)).toBeGreaterThanOrEqual(counted.peak)
    }
  },
)

function records() {
  const keys = new Map<string, string>()
  const clients = ACCOUNTS.map((account) => {
    const { key, digest } = issueKey()
    keys.set(account, key)
    return { id: `${account}-app`, account, credentials: [{ digest }] }
  })
  const none = { read: 0, write: 0 }
  const accounts = ACCOUNTS.map((id) => ({ id, ...(id === 'blocked' && { limits: none }) }))
  return { keys, registry: memoryRegistry({ accounts, clients }) }
}

/** Counts by itself, and answers in one of several ways. */
function serve(req: IncomingMessage, res: ServerResponse, counted: Counted): void {
  const since = performance.now()
  counted.connections++
  counted.peak = Math.max(counted.peak, ++counted.open)
  res.on('close', () => {
    counted.open--
    counted.heldMs += performance.now() - since
  })
  const { searchParams } = new URL(req.url!, 'http://localhost')
  const bytes = Number(searchParams.get('bytes'))
  req.resume().on('end', () => {
    if (!searchParams.has('stream')) return void res.end('x'.repeat(bytes))
    res.write('y'.repeat(bytes))
    setTimeout(() => res.end('z'), 3)
  })
}

/** One request over this socket; now and then it is aborted at some moment. */
async function oneRequest(
  socket: Socket,
  key: string,
  random: () => number,
  refused: () => void,
): Promise<void> {
  const length = random() < 0.3 ? Math.floor(random() * 20_000) : undefined
  const target = `/?bytes=${Math.floor(random() ** 4 * 200_000)}${random() < 0.2 ? '&stream' : ''}`
  const fields = length === undefined ? '' : `Content-Length: ${length}\r\n`
  const head = `${length === undefined ? 'GET' : 'POST'} ${target} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n${fields}\r\n`
  const aborts = random() < 0.15
  const answer = new Answer()
  const over = new Promise<void>((resolve) => {
    const heard = (chunk: Buffer) => {
      if (answer.takes(chunk)) done()
    }
    const done = () => {
      socket.off('data', heard).off('close', done)
      resolve()
    }
    socket.on('data', heard).on('close', done)
  })
  socket.write(head)
  if (length !== undefined) socket.write('b'.repeat(aborts && random() < 0.5 ? length >> 1 : length))
  if (aborts) {
    if (random() < 0.7) await passed(random() * 4)
    socket.destroy()
  }
  await over
  if (answer.head.startsWith('HTTP/1.1 429')) refused()
}

/** An answer as it comes in. */
class Answer {
  head = ''
  #whole = false
  #bytes = 0
  #length: number | undefined
  #last = ''

  /** Whether it is whole now. */
  takes(chunk: Buffer): boolean {
    if (this.#whole) return this.#body(chunk)
    this.head += chunk.toString('latin1')
    const end = this.head.indexOf('\r\n\r\n')
    if (end === -1) return false
    const body = Buffer.from(this.head.slice(end + 4), 'latin1')
    this.head = this.head.slice(0, end)
    this.#whole = true
    const length = /\ncontent-length: (\d+)/i.exec(this.head)
    if (length) this.#length = Number(length[1])
    return this.#body(body)
  }

  #body(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    this.#last = (this.#last + chunk.subarray(-7).toString('latin1')).slice(-7)
    return this.#length === undefined ? this.#last === '\r\n0\r\n\r\n' : this.#bytes >= this.#length
  }
}

/** The same again for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
