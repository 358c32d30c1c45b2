import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A PostgreSQL that a test may do anything to. */
export interface PostgresServer {
  /** Of a database that is empty. */
  readonly url: string
  stop(): Promise<void>
}

const run = promisify(execFile)
const USER = 'provider'
/** Where Debian keeps the programs of each version. */
const VERSIONS = '/usr/lib/postgresql'

/** Starts PostgreSQL on a socket in a folder of its own, which is all that is left of it: no port, nothing synced to a disk. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-postgres-'))
  const as = await ordinaryUser()
  if (as) await chown(folder, as.uid, as.gid)
  const env = { ...process.env, PATH: await pathWithPostgres(), LC_ALL: 'C' }
  const records = join(folder, 'records')
  const settings = { ...as, env, cwd: folder }
  await run('initdb', ['-D', records, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-sync'], settings)
  const child = spawn(
    'postgres',
    [
      '-D',
      records,
      '-k',
      folder,
      '-c',
      'listen_addresses=',
      '-c',
      'fsync=off',
      '-c',
      'log_min_messages=fatal',
    ],
    { ...settings, stdio: 'ignore' },
  )
  const endWithUs = () => void child.kill('SIGQUIT')
  process.once('exit', endWithUs)
  await answers(() => run('psql', ['-h', folder, '-U', USER, '-d', 'postgres', '-c', ''], settings))
  return {
    url: `postgres://${USER}@/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      process.off('exit', endWithUs)
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill('SIGINT')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL does not run as root. */
async function ordinaryUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await run('id', [which, 'nobody'])).stdout)),
  )
  return { uid: uid!, gid: gid! }
}

async function pathWithPostgres(): Promise<string> {
  const versions = await readdir(VERSIONS).catch(() => [])
  const newest = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
  return [process.env['PATH'], ...newest].join(delimiter)
}

async function answers(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    // oxlint-disable-next-line no-await-in-loop -- until it answers
    if (
      await ask().then(
        () => true,
        () => false,
      )
    )
      return
    // oxlint-disable-next-line no-await-in-loop -- until it answers
    await passed(25)
  }
  throw new Error('postgres does not answer')
}
