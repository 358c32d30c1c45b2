// What the callers of the soak do, each with a key of its own.
import { createFetcher } from './undici.mjs'
import { Http2Client } from './http2.mjs'
import { RAW } from './raw.mjs'
import { talk } from './websocket.mjs'

const READS = {
  quick: 10,
  slow: 12,
  empty: 2,
  unchanged: 2,
  hints: 2,
  stream: 6,
  work: 3,
  'failing-work': 1,
  throws: 2,
  rejects: 2,
  'throws-late': 0.4,
  destroyed: 2,
}
const WRITES = { upload: 6, unread: 3, slow: 3, work: 1, throws: 1, rejects: 1, destroyed: 1 }

/** How often a caller over HTTP/1.1 does what. */
const HTTP1 = {
  read: 50,
  write: 20,
  abortRead: 10,
  abortWrite: 3,
  webSocket: 5,
  brokenHead: 2,
  abort: 5,
  abortAtOnce: 2,
  abortUpload: 3,
  tooLong: 0.3,
  expecting: 1,
  pipeline: 3,
  stall: 0.15,
  endless: 0.15,
  unknown: 1,
}
const HTTP2 = {
  read: 50,
  write: 20,
  abortRead: 10,
  abortWrite: 3,
  stall: 0.2,
  endless: 0.2,
  drop: 0.3,
  unknown: 1,
}

/** A crowd of callers of one server. */
export function createCallers(app, port, keys) {
  const owners = Object.values(keys).flat()
  const fetcher = app === 'http2' ? undefined : createFetcher(port)
  const clients = fetcher ? [] : owners.map(() => new Http2Client(port))
  return {
    /** One caller does one thing; answers with how many requests were sent and which statuses came. */
    act(random) {
      const number = random.whole(0, owners.length - 1)
      const { key } = owners[number]
      const client = fetcher ?? clients[number]
      const does = random.weighted(fetcher ? HTTP1 : HTTP2)
      if (does in RAW && fetcher) return RAW[does]({ port, key, random, path: pathFor(does, random) })
      return ACTS[does](client, key, random, port)
    },
    async close() {
      await fetcher?.close()
      for (const client of clients) client.drop()
    },
  }
}

function pathFor(does, random) {
  if (does === 'abortAtOnce') return pathOf(WRITES, random)
  return does === 'pipeline' ? () => pathOf(READS, random) : pathOf(READS, random)
}

function pathOf(weights, random) {
  return `/v1/${random.weighted(weights)}?ms=${random.whole(0, 25)}`
}

const bodyOf = (random) => JSON.stringify({ text: 'w'.repeat(random.whole(0, 3000)) })

const ACTS = {
  read: (client, key, random) =>
    client.ask({ method: random.chance(0.05) ? 'HEAD' : 'GET', path: pathOf(READS, random), key }),
  write: (client, key, random) =>
    client.ask({ method: 'POST', path: pathOf(WRITES, random), key, body: bodyOf(random) }),
  abortRead: (client, key, random) =>
    client.ask({ method: 'GET', path: pathOf(READS, random), key, abortMs: random.whole(0, 20) }),
  abortWrite: (client, key, random) =>
    client.ask({
      method: 'POST',
      path: pathOf(WRITES, random),
      key,
      body: bodyOf(random),
      abortMs: random.whole(0, 15),
    }),
  unknown: (client, key, random) =>
    client.ask({
      method: 'GET',
      path: '/v1/quick',
      key: key.slice(0, -1) + (random.chance(0.5) ? '!' : '0'),
    }),
  webSocket: (_client, key, random, port) => talk({ port, key, random }),
  stall: (client, key) => client.ask({ method: 'GET', path: '/v1/big', key, stalls: true }),
  endless: (client, key, random) =>
    client.ask({ method: 'GET', path: random.of(['/v1/silent', '/v1/never']), key }),
  drop: async (client) => {
    client.drop()
    return { sent: 0, statuses: [] }
  },
}
