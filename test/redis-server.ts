import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { promisify } from 'node:util'
import { endingWithUs } from './ending-with-us.js'

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
  /** Gives the master of a key a replica. */
  addReplica(key: string): Promise<{ readonly master: RedisServer; readonly replica: RedisServer }>
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const SLOTS = 16_384

/** Starts Redis on a free port, in a folder of its own; nothing is written to a disk. */
export function startRedis(...settings: string[]): Promise<RedisServer> {
  return startServer('redis-server', settings)
}

/** Starts Redis where one may have been before: empty. */
export function startRedisAt(port: number, ...settings: string[]): Promise<RedisServer> {
  return startServerAt('redis-server', port, settings)
}

/** The program of Valkey, which Debian has from its 13th release on: the one that `VALKEY_SERVER` names, or one that is installed. */
export function valkeyProgram(): string | undefined {
  const named = process.env['VALKEY_SERVER']
  if (named) return named
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
  return folders.map((folder) => join(folder, 'valkey-server')).find((path) => existsSync(path))
}

export async function startServer(program: string, settings: readonly string[] = []): Promise<RedisServer> {
  const [port] = await freePorts(1)
  return startServerAt(program, port!, settings)
}

async function startServerAt(
  program: string,
  port: number,
  settings: readonly string[],
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
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
  endingWithUs(child)
  await answers(port, child)
  return {
    url: `redis://${HOST}:${port}`,
    port,
    pid: child.pid!,
    async stop() {
      await end(child)
      // It may have been stopped before.
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The Redis that `REDIS_URL` names, or one that is started. */
export async function redisForTests(): Promise<Pick<RedisServer, 'url' | 'stop'>> {
  const url = process.env['REDIS_URL']
  return url ? { url, stop: () => Promise.resolve() } : startRedis()
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const busPorts = await freePorts(4)
  const startNode = (i: number) =>
    startRedis(
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      `${busPorts[i]}`,
      '--cluster-node-timeout',
      '2000',
      '--cluster-replica-validity-factor',
      '0',
    )
  const masters = await Promise.all([0, 1, 2].map(startNode))
  const nodes = [...masters]
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
    async addReplica(key) {
      const slot = Number(await redisCli(masters[0]!.port, 'cluster', 'keyslot', key))
      const master = masters[Math.floor(slot / share)]!
      const replica = await startNode(masters.length)
      nodes.push(replica)
      await redisCli(replica.port, 'cluster', 'meet', HOST, `${masters[0]!.port}`, `${busPorts[0]}`)
      await knowsAll(replica.port, masters.length)
      await redisCli(replica.port, 'cluster', 'replicate', await redisCli(master.port, 'cluster', 'myid'))
      await says(replica.port, ['info', 'replication'], 'master_link_status:up')
      // Else a client that asks too early does not hear of it.
      await Promise.all(masters.map(({ port }) => says(port, ['cluster', 'nodes'], `:${replica.port}@`)))
      return { master, replica }
    },
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

async function says(port: number, command: readonly string[], words: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if ((await redisCli(port, ...command)).includes(words)) return
    await passed(25)
  }
  throw new Error(`${command.join(' ')} does not say ${words} within 10 s`)
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
export async function freePorts(count: number): Promise<number[]> {
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
