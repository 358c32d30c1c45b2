import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** On a free port of this machine alone, and nothing is written to a disk: what is open now is all there is to know. */
async function startRedis(): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
  const port = await freePort()
  const settings = [
    '--bind',
    HOST,
    '--port',
    `${port}`,
    '--dir',
    folder,
    '--save',
    '',
    '--loglevel',
    'warning',
  ]
  // A group of its own: Ctrl-C in a terminal must not end it before the processes have given their slots back.
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const ended = once(server, 'exit').catch(() => undefined)
  const failed = once(server, 'error').then(([cause]) => {
    throw new Error('redis-server cannot be started: install it, or name one in REDIS_URL', { cause })
  })
  const endWithUs = () => void server.kill('SIGKILL')
  process.once('exit', endWithUs)
  await Promise.race([answers(`redis://${HOST}:${port}`), failed])
  return {
    url: `redis://${HOST}:${port}`,
    async stop() {
      process.off('exit', endWithUs)
      server.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** Tries again until it is there. */
async function answers(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } }).on('error', () => {})
  await client.connect()
  client.destroy()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const HOST = '127.0.0.1'
