import { CannotStart } from '@api-terms/example-telephony'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createClient } from 'redis'

export interface Redis {
  readonly url: string
  stop(): Promise<void>
}

/** The Redis that `REDIS_URL` names, or one of this program's own, which is gone with it. */
export async function findRedis(): Promise<Redis> {
  const { REDIS_URL } = process.env
  return REDIS_URL ? { url: REDIS_URL, stop: () => Promise.resolve() } : startRedis()
}

/** On a free port of this machine alone. */
async function startRedis(): Promise<Redis> {
  const port = await freePort()
  // A group of its own: Ctrl-C in a terminal must not end it before the processes have given their slots back.
  const guard = spawn(process.execPath, [GUARD, HOST, `${port}`], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  const ended = once(guard, 'exit')
  const url = `redis://${HOST}:${port}`
  await answers(url, ended)
  return {
    url,
    async stop() {
      guard.stdin.destroy()
      await ended
    },
  }
}

/** Tries again until it is there, or has ended. */
async function answers(url: string, ended: Promise<unknown>): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } }).on('error', () => {})
  const absent = ended.then(() => {
    throw new CannotStart('redis-server cannot be started: install it, or name one in REDIS_URL')
  })
  try {
    await Promise.race([client.connect(), absent])
  } finally {
    client.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const GUARD = fileURLToPath(new URL('redis-guard.js', import.meta.url))
const HOST = '127.0.0.1'
