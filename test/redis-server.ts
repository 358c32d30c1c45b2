import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A Redis that a test may do anything to. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** A Redis Cluster of three masters. */
export interface RedisCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const SLOTS = 16_384

/** Starts Redis on a free port, in a folder of its own; nothing is written to a disk. */
export function startRedis(...settings: string[]): Promise<RedisServer> {
  return startServer('redis-server', settings)
}

/** The program of Valkey, which Debian has from its 13th release on: the one that `VALKEY_SERVER` names, or one that is installed. */
export function valkeyProgram(): string | undefined {
  const named = process.env['VALKEY_SERVER']
  if (named) return named
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
  return folders.map((folder) => join(folder, 'valkey-server')).find((path) => existsSync(path))
}

export async function startServer(program: string, settings: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
  const [port] = await freePorts(1)
  const child = spawn(
    program,
    [
      '--port',
      `${port}`,
      '--bind',
      HOST,
      '--dir',
      folder,
      '--save',
      '',
      '--loglevel',
      'warning',
      ...settings,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const endWithUs = () => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  await answers(port!, child)
  return {
    url: `redis://${HOST}:${port}`,
    port: port!,
    pid: child.pid!,
    async stop() {
      process.off('exit', endWithUs)
      await end(child)
      await rm(folder, { recursive: true })
    },
  }
}

/** The Redis that `REDIS_URL` names, or one that is started. */
export async function redisForTests(): Promise<Pick<RedisServer, 'url' | 'stop'>> {
  const url = process.env['REDIS_URL']
  return url ? { url, stop: () => Promise.resolve() } : startRedis()
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const busPorts = await freePorts(3)
  const masters = await Promise.all(
    busPorts.map((busPort) =>
      startRedis(
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        `${busPort}`,
        '--cluster-node-timeout',
        '2000',
      ),
    ),
  )
  const share = Math.ceil(SLOTS / masters.length)
  await Promise.all(
    masters.map(async ({ port }, i) => {
      const last = Math.min((i + 1) * share, SLOTS) - 1
      await redisCli(port, 'cluster', 'set-config-epoch', `${i + 1}`)
      await redisCli(port, 'cluster', 'addslotsrange', `${i * share}`, `${last}`)
    }),
  )
  for (const [i, { port }] of masters.entries())
    if (i > 0) await redisCli(port, 'cluster', 'meet', HOST, `${masters[0]!.port}`, `${busPorts[0]}`)
  await Promise.all(masters.map(({ port }) => knowsAll(port, masters.length)))
  return {
    nodes: masters.map(({ port }) => ({ host: HOST, port })),
    stop: async () => void (await Promise.all(masters.map((master) => master.stop()))),
  }
}

/** What a command answers, as `redis-cli` prints it. */
export async function redisCli(port: number, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-h', HOST, '-p', `${port}`, ...args])
  return stdout.trim()
}

async function knowsAll(port: number, nodes: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const info = await redisCli(port, 'cluster', 'info')
    if (info.includes('cluster_state:ok') && info.includes(`cluster_size:${nodes}`)) return
    await passed(25)
  }
  throw new Error('the nodes of the cluster have not found one another within 10 s')
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 400 && child.exitCode === null; tries++) {
    const answer = await redisCli(port, 'ping').catch(() => '')
    if (answer === 'PONG') return
    await passed(25)
  }
  throw new Error('redis-server does not answer')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Ports that nobody listens on now, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, HOST)
      await once(server, 'listening')
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      return port
    }),
  )
}
