// Callers of a server in a process of its own.
import { Client } from 'undici'
import { inRounds } from './rounds.mjs'

const CONNECTIONS = 8
/** So many requests go between two looks at the clock while a server warms up. */
const WARMING = 50

/** Warms each side up and measures it in rounds; answers as {@link inRounds}. @param callers by side */
export async function compare(callers, { rounds, requests, warmUp }) {
  for (const each of Object.values(callers)) await each.warm(warmUp)
  const measured = await inRounds(Object.keys(callers), rounds, (side) => callers[side].measure(requests))
  await Promise.all(Object.values(callers).map((each) => each.close()))
  return measured
}

/** Connections that stay open, with one request at a time on each. */
export class Callers {
  #child
  #path
  #headers
  #status
  #clients

  /** @param about `status`: what everything is to be answered with */
  constructor(child, { path, key, status, connections = CONNECTIONS }) {
    this.#child = child
    this.#path = path
    this.#headers = { authorization: `Bearer ${key}` }
    this.#status = status
    const origin = `http://127.0.0.1:${child.facts.port}`
    this.#clients = Array.from({ length: connections }, () => new Client(origin))
  }

  /** Loads the server unmeasured: V8 goes on compiling its code for some seconds, at the cost of the same process. */
  async warm(seconds) {
    const end = performance.now() + seconds * 1000
    do await this.#ask(WARMING)
    while (performance.now() < end)
  }

  /** Requests per second, and CPU time of the server's process per request. */
  async measure(requests) {
    const cpuBefore = await this.#child.ask('cpuMs')
    const sleep = stayAwake()
    const began = performance.now()
    await this.#ask(requests)
    const ms = performance.now() - began
    sleep()
    const cpuMs = (await this.#child.ask('cpuMs')) - cpuBefore
    return { rate: (requests * 1000) / ms, cpuUs: (cpuMs * 1000) / requests }
  }

  async close() {
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  async #ask(requests) {
    let left = requests
    await Promise.all(
      this.#clients.map(async (client) => {
        while (left-- > 0) await this.#once(client)
      }),
    )
  }

  #once(client) {
    return new Promise((resolve, reject) => {
      const onResponseStart = (_controller, status) => {
        if (status !== this.#status)
          reject(new Error(`${this.#path} was to be answered with ${this.#status}: ${status}`))
      }
      client.dispatch(
        { method: 'GET', path: this.#path, headers: this.#headers },
        {
          onRequestStart() {},
          onResponseStart,
          onResponseData() {},
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, cause) =>
            reject(new Error(`${this.#path} was not answered`, { cause })),
        },
      )
    })
  }
}

/**
 * Keeps this process from sleeping between answers. The kernel charges the waking of a client on the same machine to the server, with up to a
 * fifth of its time, and the more often the more the client waits: the slower of two servers would pay twice.
 */
function stayAwake() {
  let awake = true
  const turn = () => awake && setImmediate(turn)
  turn()
  return () => (awake = false)
}
