// Callers over bare sockets: those who break off, stop reading, or send many requests at once.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const HANG_MS = 10_000

/** Opens a socket, does something with it, and waits until it is closed, by whomever. */
async function withSocket(port, act) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const timer = setTimeout(() => socket.destroy(new Error('hangs')), HANG_MS)
  let hangs = false
  socket.on('error', ({ message }) => (hangs ||= message === 'hangs'))
  const reader = new Reader(socket)
  await act(socket, reader)
  await closed
  clearTimeout(timer)
  if (hangs) throw new Error('a socket hangs')
  return reader.statuses()
}

/** Gathers what comes; counts answers by their status lines. */
class Reader {
  #text = ''
  #over = false
  #wake = () => {}

  constructor(socket) {
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      // Bodies are long and of no interest; a status line is never cut by this, since it is looked for before.
      this.#text += text.length > 4096 ? text.replaceAll(/x{100,}/g, 'x') : text
      this.#wake()
    })
    socket.on('close', () => {
      this.#over = true
      this.#wake()
    })
  }

  statuses() {
    return [...this.#text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status))
  }

  async answers(count) {
    while (this.statuses().length < count && !this.#over)
      await new Promise((resolve) => (this.#wake = resolve))
  }
}

function head(method, path, key, fields = []) {
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: soak.test',
    `Authorization: Bearer ${key}`,
    ...fields,
    '',
    '',
  ].join('\r\n')
}

const JSON_TYPE = 'Content-Type: application/json'

function breakOff(socket, random) {
  if (random.chance(0.5)) socket.resetAndDestroy()
  else socket.destroy()
}

/** Each answers with the statuses that came, and how many whole requests were sent. */
export const RAW = {
  async brokenHead({ port, key, random }) {
    const text = head('GET', '/v1/slow?ms=5', key)
    const statuses = await withSocket(port, async (socket) => {
      socket.write(text.slice(0, random.whole(1, text.length - 1)))
      await sleep(random.whole(0, 5))
      breakOff(socket, random)
    })
    return { sent: 0, statuses }
  },

  async abort({ port, key, path, random }) {
    const statuses = await withSocket(port, async (socket) => {
      socket.write(head('GET', path, key))
      await sleep(random.whole(0, 12))
      breakOff(socket, random)
    })
    return { sent: 1, statuses }
  },

  async abortAtOnce({ port, key, path, random }) {
    const statuses = await withSocket(port, (socket) => {
      socket.write(head('POST', path, key, [JSON_TYPE, 'Content-Length: 0']), () => breakOff(socket, random))
    })
    return { sent: 1, statuses }
  },

  async abortUpload({ port, key, random }) {
    const chunked = random.chance(0.5)
    const fields = [JSON_TYPE, chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 5000']
    const part = 'y'.repeat(1000)
    const statuses = await withSocket(port, async (socket) => {
      socket.write(head('POST', random.of(['/v1/upload', '/v1/unread', '/v1/slow?ms=10']), key, fields))
      for (let parts = random.whole(0, 3); parts > 0; parts--) {
        socket.write(chunked ? `3e8\r\n${part}\r\n` : part)
        await sleep(random.whole(0, 4))
      }
      breakOff(socket, random)
    })
    return { sent: 1, statuses }
  },

  async tooLong({ port, key }) {
    const chunk = `4e20\r\n${'z'.repeat(20_000)}\r\n`
    const statuses = await withSocket(port, async (socket, reader) => {
      socket.write(head('POST', '/v1/upload', key, [JSON_TYPE, 'Transfer-Encoding: chunked']))
      for (let parts = 0; parts < 6; parts++) socket.write(chunk)
      socket.write('0\r\n\r\n')
      await reader.answers(1)
      socket.destroy()
    })
    return { sent: 1, statuses }
  },

  async expecting({ port, key, random }) {
    const statuses = await withSocket(port, async (socket, reader) => {
      socket.write(head('POST', '/v1/upload', key, [JSON_TYPE, 'Content-Length: 4', 'Expect: 100-continue']))
      await sleep(random.whole(0, 5))
      if (random.chance(0.7)) {
        socket.write('1234')
        await reader.answers(1)
      }
      breakOff(socket, random)
    })
    return { sent: 1, statuses }
  },

  async pipeline({ port, key, random, path }) {
    const count = random.whole(2, 12)
    const stays = random.chance(0.5)
    const requests = Array.from({ length: count }, () =>
      head('GET', random.of([path(), '/v1/quick', '/v1/slow?ms=3', '/v1/work?ms=20', '/v1/unchanged']), key),
    )
    const statuses = await withSocket(port, async (socket, reader) => {
      socket.write(requests.join(''))
      if (stays) await Promise.race([reader.answers(count), sleep(1500)])
      else await sleep(random.whole(0, 15))
      breakOff(socket, random)
    })
    return { sent: count, statuses }
  },

  /** Takes nothing of what is sent: the server has to let go of it. */
  async stall({ port, key }) {
    const statuses = await withSocket(port, (socket, reader) => {
      socket.write(head('GET', '/v1/big', key))
      return reader.answers(1).then(() => {
        if (!reader.statuses().includes(200)) return socket.destroy()
        socket.pause()
        // A paused socket hears of its end only when it reads on.
        setTimeout(() => socket.resume(), 1500)
      })
    })
    return { sent: 1, statuses }
  },

  /** The handler never ends its answer. */
  async endless({ port, key, random }) {
    const statuses = await withSocket(port, async (socket, reader) => {
      socket.write(head('GET', random.of(['/v1/silent', '/v1/never']), key))
      await Promise.race([reader.answers(1), sleep(1500)])
      // Refused: the connection is kept for another request.
      if (!reader.statuses().includes(200)) socket.end()
    })
    return { sent: 1, statuses }
  },
}
