import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { callerOf, nextEvent } from '../../telephony/test/caller.js'
import { describeProgram, PATIENCE_MS, startProgram, type Program } from '../../telephony/test/program.js'

const MAIN = new URL('../dist/main.js', import.meta.url)

describeProgram('four processes, with a Redis of its own,', MAIN, ['SIGINT'], false)

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
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', `${pid}`])
  return stdout
    .split('\n')
    .filter((line) => line.includes('worker.js'))
    .map((line) => Number.parseInt(line, 10))
}
