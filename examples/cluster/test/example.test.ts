import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { callerOf, nextEvent } from '../../telephony/test/caller.js'
import { describeEnding } from '../../telephony/test/ending.js'
import {
  describeProgram,
  PATIENCE_MS,
  scratchFolder,
  startProgram,
  type Program,
} from '../../telephony/test/program.js'
import { describeStarting, failed } from '../../telephony/test/starting.js'

const MAIN = new URL('../dist/main.js', import.meta.url)

describeProgram('four processes, with a Redis of its own,', MAIN, ['SIGINT'], false)
describeStarting('four processes', MAIN)
describeEnding('four processes', MAIN)

describe('A Redis of its own', { timeout: PATIENCE_MS }, () => {
  const start = async () => {
    const folder = await scratchFolder()
    const { program } = await startProgram(MAIN, { TMPDIR: folder })
    const below = await descendantsOf(program.pid!)
    onTestFinished(() => kill('SIGKILL', ...below.map(({ pid }) => pid), program.pid!))
    const redis = below.filter(({ args }) => args.startsWith('redis-server '))
    expect(redis).toHaveLength(1)
    const workers = below.filter(({ args }) => args.includes('worker.js'))
    expect(workers).toHaveLength(4)
    /** Neither the process nor its folder is left. */
    const isGone = () =>
      vi.waitFor(
        async () => {
          expect(isAlive(redis[0]!.pid)).toBe(false)
          expect(await readdir(folder)).toEqual([])
        },
        { timeout: 5_000 },
      )
    return { program, workers, isGone }
  }

  test('is asked for in a line where none is installed', async () => {
    expect(await failed(MAIN, { PATH: '/nowhere' })).toEqual({
      code: 1,
      said: 'redis-server cannot be started: install it, or name one in REDIS_URL\n',
      left: [],
    })
  })

  test('goes with a program that is killed', async () => {
    const { program, isGone } = await start()
    program.kill('SIGKILL')
    await isGone()
  })

  test('goes with a program that a second signal kills, as it waits for a process that hangs', async () => {
    const { program, workers, isGone } = await start()
    kill('SIGSTOP', workers[0]!.pid)
    const ended = once(program, 'exit')
    program.kill('SIGINT')
    await vi.waitFor(
      async () => {
        program.kill('SIGINT')
        expect(program.signalCode).toBe('SIGINT')
      },
      { timeout: 5_000 },
    )
    expect(await ended).toEqual([null, 'SIGINT'])
    await isGone()
  })
})

describe('The program in four processes', () => {
  let server: RedisServer
  let redis: ReturnType<typeof createClient>
  let example: Program
  beforeAll(async () => {
    server = await startRedis()
    redis = createClient({ url: server.url })
    await redis.connect()
    example = await startProgram(MAIN, { REDIS_URL: server.url })
  }, PATIENCE_MS)
  afterAll(async () => {
    example?.program.kill('SIGKILL')
    redis.destroy()
    await server.stop()
  })

  const caller = (client: string) => callerOf(example.url, example.keys, client)
  /** By account, the processes that hold connections there. */
  const holders = async (key: string) => {
    const members = await redis.zRange(key, 0, -1)
    return { open: members.length, processes: new Set(members.map((id) => id.split('.')[0])).size }
  }
  const READS = 'api-terms:{business-telephony|acme|read}'

  test('lets an account have ten reads open over all of them, with whatever client, and no more (2(d))', async () => {
    const acme = caller('acme-crm')
    const wallboard = caller('acme-wallboard')
    const readers = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? acme : wallboard).webSocket())
    await Promise.all(readers.map(nextEvent))
    expect(await holders(READS)).toEqual({ open: 10, processes: 4 })

    const refused = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? wallboard : acme).fetch('/v1/extensions')),
    )
    expect(refused.map(({ status }) => status)).toEqual(Array(8).fill(429))
    expect(await refused[0]?.json()).toMatchObject({ connection_class: 'read', limit: 10, in_use: 10 })
    expect((await caller('globex-crm').fetch('/v1/extensions')).status).toBe(200)

    readers[0]?.close()
    await vi.waitFor(async () => expect((await acme.fetch('/v1/extensions')).status).toBe(200))
    for (const reader of readers) reader.close()
    await vi.waitFor(async () => expect(await holders(READS)).toEqual({ open: 0, processes: 0 }))
  })

  test('lets one call ring over all of them (2(d))', async () => {
    const dialling = { from: '101', to: '102', ringMs: 400 }
    const calls = await Promise.all(
      ['acme-crm', 'acme-wallboard', 'acme-crm', 'acme-wallboard', 'acme-crm', 'acme-wallboard'].map(
        (client) => caller(client).post('/v1/calls', dialling),
      ),
    )
    expect(calls.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(5).fill(429),
    ])
  })

  test('tells an account what it has used of all of them (4(a)3)', async () => {
    const globex = caller('globex-crm')
    // One socket stays with one process.
    const answers = await Promise.all(Array.from({ length: 12 }, () => globex.fetch('/v1/countries')))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200))
    await vi.waitFor(
      async () => {
        const { usage } = (await (await globex.fetch('/terms/usage')).json()) as {
          usage: { class: string; connections: number }[]
        }
        // One more was let in by an earlier test.
        expect(usage).toMatchObject([{ account: 'globex', class: 'read', connections: 13 }])
      },
      { timeout: 5_000, interval: 100 },
    )
  })

  test('goes on where a process is killed, with another in its place', { timeout: PATIENCE_MS }, async () => {
    const before = await childrenOf(example.program.pid!)
    expect(before).toHaveLength(4)
    process.kill(before[0]!, 'SIGKILL')
    await vi.waitFor(
      async () => {
        const now = await childrenOf(example.program.pid!)
        expect(now).toHaveLength(4)
        expect(now).not.toContain(before[0])
      },
      { timeout: PATIENCE_MS },
    )
    const globex = caller('globex-crm')
    // It answers as soon as it listens, which takes a moment.
    await vi.waitFor(
      async () => {
        const readers = Array.from({ length: 12 }, () => globex.webSocket())
        await Promise.all(readers.map(nextEvent))
        const held = await holders('api-terms:{business-telephony|globex|read}')
        for (const reader of readers) reader.terminate()
        expect(held.processes).toBe(4)
      },
      { timeout: PATIENCE_MS / 2, interval: 200 },
    )
  })

  test('frees what it holds at once as it ends', async () => {
    const acme = caller('acme-crm')
    const readers = Array.from({ length: 6 }, () => acme.webSocket())
    await Promise.all(readers.map(nextEvent))
    expect(await redis.keys('api-terms:{*|*|*}')).toContain(READS)
    example.program.kill('SIGTERM')
    expect((await once(example.program, 'exit'))[0]).toBe(0)
    expect(await redis.keys('api-terms:{*|*|*}')).toEqual([])
  })
})

async function childrenOf(pid: number): Promise<number[]> {
  const below = await descendantsOf(pid)
  return below.filter(({ args }) => args.includes('worker.js')).map((child) => child.pid)
}

interface Process {
  readonly pid: number
  readonly args: string
}

async function descendantsOf(pid: number): Promise<Process[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid=,args='])
  const all = stdout.split('\n').map((line) => {
    const [, own, parent, args = ''] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? []
    return { pid: Number(own), parent: Number(parent), args }
  })
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((child) => [child, ...below(child.pid)])
  return below(pid)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function kill(signal: NodeJS.Signals, ...pids: number[]): void {
  for (const pid of pids.filter(isAlive)) process.kill(pid, signal)
}
