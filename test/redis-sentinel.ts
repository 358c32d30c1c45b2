import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { freePorts, redisCli, startRedis, type RedisServer } from './redis-server.js'
import { endingWithUs } from './ending-with-us.js'

/** A master, its replica, and what makes the one of the other as it dies. */
export interface SentinelSetting {
  readonly name: string
  readonly sentinel: { readonly host: string; readonly port: number }
  readonly master: RedisServer
  readonly replica: RedisServer
  stop(): Promise<void>
}

const NAME = 'counters'

export async function startSentinel(): Promise<SentinelSetting> {
  const master = await startRedis()
  const replica = await startRedis('--replicaof', '127.0.0.1', `${master.port}`)
  await until(async () =>
    (await redisCli(replica.port, 'info', 'replication')).includes('master_link_status:up'),
  )
  const [port] = await freePorts(1)
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-sentinel-'))
  const settings = join(folder, 'sentinel.conf')
  await writeFile(
    settings,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      'loglevel warning',
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
      // A busy machine is no dead master, and an outage is longer than the attempt that tells it from one slow command.
      `sentinel down-after-milliseconds ${NAME} 2000`,
      `sentinel failover-timeout ${NAME} 2000`,
    ].join('\n'),
  )
  const child = spawn('redis-server', [settings, '--sentinel'], { stdio: ['ignore', 'ignore', 'inherit'] })
  endingWithUs(child)
  await until(async () =>
    (await redisCli(port!, 'sentinel', 'replicas', NAME).catch(() => '')).includes(`${replica.port}`),
  )
  return {
    name: NAME,
    sentinel: { host: '127.0.0.1', port: port! },
    master,
    replica,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await Promise.all([ended, master.stop(), replica.stop()])
      await rm(folder, { recursive: true })
    },
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- again and again
    if (await holds()) return
    // oxlint-disable-next-line no-await-in-loop -- again and again
    await passed(50)
  }
  throw new Error('Sentinel does not see its servers')
}
