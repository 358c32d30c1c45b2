// A Redis of the benchmark's or the soak's own, to which they may do anything and which counts nobody else.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

const HOST = '127.0.0.1'

/** On a free port, or on one where another was; nothing is written to a disk. */
export async function startOwnRedis(where = freePort()) {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
  const port = await where
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
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'ignore', 'inherit'] })
  const endWithUs = () => void server.kill('SIGKILL')
  process.once('exit', endWithUs)
  const failed = once(server, 'error').then(([cause]) => {
    throw new Error('redis-server cannot be started', { cause })
  })
  const url = `redis://${HOST}:${port}`
  const client = createClient({ url, socket: { reconnectStrategy: 50 } }).on('error', () => {})
  await Promise.race([client.connect(), failed])
  return {
    url,
    port,
    pid: server.pid,
    client,
    async stop() {
      client.destroy()
      process.off('exit', endWithUs)
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
