import { connect, constants } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'

const HANG_MS = 10_000

/** A client over HTTP/2 with one session, made anew when it has ended. */
export class Http2Client {
  #session
  /** One that the server has told to go lives on until its last stream has ended. */
  #sessions = new Set()
  #port

  constructor(port) {
    this.#port = port
  }

  async ask({ method, path, key, body, abortMs, stalls = false }) {
    const stream = this.#open({
      ':method': method,
      ':path': path,
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    })
    stream.on('error', () => {})
    let status
    stream.on('response', (fields) => {
      status = fields[':status']
      if (stalls && status === 200) setTimeout(() => stream.resume(), 1500)
      else stream.resume()
    })
    const closed = new Promise((resolve) => stream.on('close', resolve))
    stream.end(body)
    if (abortMs !== undefined) {
      await Promise.race([closed, sleep(abortMs)])
      stream.close(constants.NGHTTP2_CANCEL)
    }
    const hang = new AbortController()
    const outcome = await Promise.race([
      closed,
      sleep(HANG_MS, 'hangs', { signal: hang.signal }).catch(() => {}),
    ])
    hang.abort()
    if (outcome === 'hangs') throw new Error(`a stream hangs: ${method} ${path}`)
    return { sent: 1, statuses: status === undefined ? [] : [status] }
  }

  /** Ends all its streams at once. */
  drop() {
    for (const session of this.#sessions) session.destroy()
  }

  #open(fields) {
    if (!this.#session || this.#session.closed || this.#session.destroyed) {
      const session = connect(`http://127.0.0.1:${this.#port}`)
      session.on('error', () => {})
      session.on('close', () => this.#sessions.delete(session))
      session.setMaxListeners(0)
      this.#sessions.add(session)
      this.#session = session
    }
    return this.#session.request(fields)
  }
}
