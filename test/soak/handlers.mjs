// What the handlers of the soak do, by path; how long they take stands in the query.
import { setTimeout as sleep } from 'node:timers/promises'

const CHUNK = Buffer.alloc(16_384, 'x')
/** More than all buffers between server and client take. */
const BIG_CHUNKS = 2000

const json = (res, value) => {
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(value))
}

/** Each gets `ms`, and `hold`, which keeps the connection open until a promise has settled. */
export const HANDLERS = {
  '/v1/quick': (_req, res) => json(res, { ok: true }),
  '/v1/slow': async (_req, res, { ms }) => {
    await sleep(ms)
    json(res, { ok: true })
  },
  '/v1/empty': (_req, res) => {
    res.statusCode = 204
    res.end()
  },
  '/v1/unchanged': (_req, res) => {
    res.statusCode = 304
    res.setHeader('ETag', '"1"')
    res.end()
  },
  '/v1/hints': async (_req, res, { ms }) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' })
    await sleep(ms)
    json(res, { ok: true })
  },
  '/v1/stream': async (_req, res, { ms }) => {
    for (let part = 0; part < 4 && !res.destroyed; part++) {
      res.write(CHUNK)
      await sleep(ms / 4)
    }
    res.end()
  },
  '/v1/big': async (_req, res) => {
    for (let part = 0; part < BIG_CHUNKS && !res.destroyed; part++) {
      if (res.write(CHUNK)) continue
      await drained(res)
    }
    res.end()
  },
  /** The work goes on after the answer, whether the caller stays or not. */
  '/v1/work': (_req, res, { ms, hold }) => {
    hold(sleep(ms))
    json(res, { ok: true })
  },
  '/v1/failing-work': (_req, res, { ms, hold }) => {
    hold(sleep(ms).then(() => Promise.reject(new Error('the work failed'))))
    json(res, { ok: true })
  },
  '/v1/upload': async (req, res) => {
    let bytes = 0
    try {
      for await (const chunk of req) bytes += chunk.length
    } catch {
      return
    }
    json(res, { bytes })
  },
  '/v1/unread': (_req, res) => json(res, { ok: true }),
  '/v1/silent': () => {},
  '/v1/never': (_req, res) => void res.write('a beginning'),
  '/v1/destroyed': async (_req, res, { ms }) => {
    await sleep(ms)
    res.destroy()
  },
  '/v1/throws': () => {
    throw new Error('the handler threw')
  },
  '/v1/rejects': async (_req, _res, { ms }) => {
    await sleep(ms)
    throw new Error('the handler rejected')
  },
  '/v1/throws-late': async (_req, res, { ms }) => {
    res.write('a beginning')
    await sleep(ms)
    throw new Error('the handler rejected after its head')
  },
}

/** Once there is room again, or nobody left to write for. */
function drained(res) {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done)
      resolve()
    }
    res.on('drain', done).on('close', done)
  })
}

/** The handler of a target and what its query says. */
export function handlerOf(target) {
  const { pathname, searchParams } = new URL(target, 'http://soak.test')
  return { handler: HANDLERS[pathname], ms: Number(searchParams.get('ms') ?? 0) }
}
