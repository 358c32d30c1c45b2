import { setTimeout as passed } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGate, createLedger, issueKey, memoryRegistry, type LedgerEntry } from '@api-terms/core'
import { redisLedger, type RedisClient } from '@api-terms/redis'
import { startRedis, startRedisCluster, type RedisServer } from '../../../test/redis-server.js'
import { CLIENTS, CLUSTER_CLIENTS } from './clients.js'
import { freshPrefix } from './store-setting.js'

let redis: RedisServer
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  redis = await startRedis()
  client = createClient({ url: redis.url })
  await client.connect()
})

afterAll(async () => {
  client.destroy()
  await redis.stop()
})

function refusing() {
  const { digest } = issueKey()
  const registry = memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: [{ id: 'app', account: 'acme', credentials: [{ digest }] }],
  })
  return createGate({ terms: { url: 'https://provider.example/terms' }, registry })
}
const UNKNOWN = { method: 'GET', target: '/v1/calls', headers: {} }

const entry = (id: string): LedgerEntry => ({ id, at: new Date(), process: 'p', what: 'refused', count: 1 })

/** The ids of the entries in a stream, in order. */
async function idsIn(stream: string, its: Pick<typeof client, 'xRange'> = client): Promise<string[]> {
  const kept = (await its.xRange(stream, '-', '+')) ?? []
  return kept.map(({ message }) => (JSON.parse(message['entry']!) as LedgerEntry).id)
}

describe('the ledger in Redis', () => {
  test.each(Object.entries(CLIENTS))(
    'is a stream that keeps about so many entries, with %s',
    async (_, make) => {
      const { client: its, close } = await make(redis.url)
      const stream = freshPrefix()
      const gate = refusing()
      const ledger = createLedger({
        sinks: [redisLedger({ client: its, stream, maxLength: 300 })],
        tellFirst: 5000,
      })
      ledger.follow(gate)
      for (let n = 0; n < 1000; n++) await gate.admit(UNKNOWN)
      await ledger.close()
      const named = await client.keys(`*${stream}`)
      const kept = (await client.xRange(named[0]!, '-', '+')) ?? []
      expect(ledger.dropped).toBe(0)
      expect(kept.length).toBeGreaterThanOrEqual(300)
      expect(kept.length).toBeLessThanOrEqual(500)
      expect(kept.at(-1)?.message).toMatchObject({
        what: 'refused',
        account: '',
        reason: 'credentials-missing',
      })
      const entries = kept.map(({ message }) => JSON.parse(message['entry']!) as { id: string })
      const serials = entries.map(({ id }) => Number.parseInt(id.split('/').at(-1)!, 36))
      expect(serials).toEqual(Array.from(serials, (__, n) => 1000 - serials.length + 1 + n))
      await close()
    },
  )

  test('goes on after Redis was away, and makes no request wait', async () => {
    const own = await startRedis()
    const { client: its, close } = await CLIENTS['redis 6']!(own.url)
    ;(its as typeof client).on('error', () => undefined)
    const gate = refusing()
    const warnings: string[] = []
    gate.on('warning', ({ code }) => warnings.push(code))
    const ledger = createLedger({ sinks: [redisLedger({ client: its, timeoutMs: 200 })] })
    ledger.follow(gate)
    process.kill(own.pid, 'SIGSTOP')
    await gate.admit(UNKNOWN)
    await ledger.flush()
    expect(warnings).toEqual(['ledger-failed'])
    process.kill(own.pid, 'SIGCONT')
    await ledger.close()
    expect(ledger.dropped).toBe(0)
    await close()
    await own.stop()
  })

  test('lists everything that is wrong with the options', () => {
    const make = () => redisLedger({ client: {}, stream: '', maxLength: 0, prefix: '' } as never)
    expect(make).toThrow(/client: .*\n.*stream: .*\n.*maxLength: .*\n.*prefix: is not an option/s)
  })

  describe('has each entry once', () => {
    test.each(['redis 6', 'redis 4', 'ioredis 6', 'a function that sends a command'])(
      'however often it was tried while Redis was away, with %s',
      async (name) => {
        const own = await startRedis()
        const { client: its, close } = await CLIENTS[name]!(own.url)
        if (typeof its === 'object') (its as typeof client).on('error', () => undefined)
        const gate = refusing()
        const ledger = createLedger({
          sinks: [redisLedger({ client: its, timeoutMs: 50 })],
          tellFirst: 1000,
        })
        ledger.follow(gate)
        process.kill(own.pid, 'SIGSTOP')
        for (let n = 0; n < 5; n++) {
          await gate.admit(UNKNOWN)
          await ledger.flush()
        }
        process.kill(own.pid, 'SIGCONT')
        // What had been sent is answered by then.
        await passed(200)
        await ledger.close()
        const looking = createClient({ url: own.url })
        await looking.connect()
        const ids = await idsIn('api-terms:ledger', looking)
        // The refusals, and the warning.
        expect(ids).toHaveLength(6)
        expect(new Set(ids).size).toBe(6)
        expect(ledger.dropped).toBe(0)
        looking.destroy()
        await close()
        await own.stop()
      },
    )

    test('though answers are lost', async () => {
      const stream = freshPrefix()
      let answered = 0
      const send = async (args: string[]) => {
        const answer = await client.sendCommand(args)
        if (++answered % 2 === 0) throw new Error('the connection is gone')
        return answer
      }
      const sink = redisLedger({ client: send, stream })
      const batches = [['l/1', 'l/2'], ['l/3'], ['l/a', 'l/z', 'l/10']].map((ids) => ids.map(entry))
      for (const batch of batches) {
        while (!(await sink.write(batch).then(...SUCCEEDS))) expect(answered).toBeLessThan(20)
      }
      expect(await idsIn(stream)).toEqual(['l/1', 'l/2', 'l/3', 'l/a', 'l/z', 'l/10'])
    })

    test('of two ledgers that share a sink, and of whatever has ids of another form', async () => {
      const stream = freshPrefix()
      const sink = redisLedger({ client, stream })
      await Promise.all([
        sink.write(['a/5', 'a/6'].map(entry)),
        sink.write(['b/1', 'b/2'].map(entry)),
        sink.write(['one', 'another'].map(entry)),
      ])
      await sink.write(['b/2', 'b/3', 'third'].map(entry))
      const ids = await idsIn(stream)
      expect(ids.toSorted()).toEqual(['a/5', 'a/6', 'another', 'b/1', 'b/2', 'b/3', 'one', 'third'])
    })
  })

  const SUCCEEDS = [() => true, () => false] as const

  test('sends nothing more while Redis has not answered', async () => {
    let sent = 0
    let answer!: (reply: unknown) => void
    const send = () => {
      sent++
      return new Promise((resolve) => (answer = resolve))
    }
    const sink = redisLedger({ client: send, timeoutMs: 100 })
    for (let n = 0; n < 3; n++) await expect(sink.write([entry('l/1')])).rejects.toThrow('took longer')
    expect(sent).toBe(1)
    answer(1)
    const written = sink.write([entry('l/1')])
    await expect.poll(() => sent, { interval: 5 }).toBe(2)
    answer(1)
    await written
  })

  test('goes on in time where one command is never answered, however many come after it', async () => {
    let sent = 0
    const send = () => (++sent === 1 ? new Promise(() => {}) : Promise.resolve(1))
    const sink = redisLedger({ client: send, timeoutMs: 10 })
    const write = () => sink.write([entry('l/1')]).then(...SUCCEEDS)
    await expect.poll(write, { interval: 1 }).toBe(true)
    expect([await write(), await write(), sent]).toEqual([true, true, 4])
  })

  test('sends ever less often while nothing is answered: what a client keeps does not pile up', async () => {
    let sent = 0
    const send = () => {
      sent++
      return new Promise(() => {})
    }
    const sink = redisLedger({ client: send, timeoutMs: 5 })
    const until = performance.now() + 1000
    while (performance.now() < until) expect(await sink.write([entry('l/1')]).then(...SUCCEEDS)).toBe(false)
    expect(sent).toBeGreaterThan(1)
    expect(sent).toBeLessThanOrEqual(5)
  })

  test('leaves nothing behind but the stream, in time', async () => {
    const stream = freshPrefix()
    await redisLedger({ client, stream }).write([entry('l/1')])
    const others = (await client.keys(`*${stream}*`)).filter((key) => key !== stream)
    expect(others).toHaveLength(1)
    expect(await client.ttl(others[0]!)).toBeGreaterThan(0)
  })

  test('may be in a cluster', async () => {
    const cluster = await startRedisCluster()
    for (const name of ['redis 6', 'ioredis 6']) {
      // oxlint-disable-next-line no-await-in-loop -- one cluster for both
      const { client: its, close } = await CLUSTER_CLIENTS[name]!(cluster.nodes)
      for (const stream of [`${freshPrefix()}ledger`, `{${freshPrefix()}}ledger`]) {
        const sink = redisLedger({ client: its, stream, timeoutMs: 5000 })
        // oxlint-disable-next-line no-await-in-loop -- as above
        await sink.write([entry('l/1')])
        // oxlint-disable-next-line no-await-in-loop -- as above
        await sink.write(['l/1', 'l/2'].map(entry))
        // oxlint-disable-next-line no-await-in-loop -- as above
        expect(await lengthOf(its, stream)).toBe(2)
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await close()
    }
    await cluster.stop()
  })

  test('is written in a cluster with a prefix of the client and a name without a tag too, as a warning says once', async () => {
    const cluster = await startRedisCluster()
    const its = new Cluster([...cluster.nodes], { keyPrefix: 'ours:' })
    const sink = redisLedger({ client: its, timeoutMs: 5000 })
    const warnings: string[] = []
    sink.onWarning?.((message) => warnings.push(message))
    for (const ids of [['l/1', 'l/2'], ['l/3']]) await sink.write(ids.map(entry))
    expect(await lengthOf(its, 'api-terms:ledger')).toBe(3)
    expect(warnings).toEqual([expect.stringContaining('hash tag')])
    its.disconnect()
    await cluster.stop()
  })

  /** Of a cluster, as its clients ask. */
  async function lengthOf(its: RedisClient, stream: string): Promise<unknown> {
    if ('call' in its) return (its as { call(...args: string[]): unknown }).call('XLEN', stream)
    const { xLen } = its as unknown as { xLen(key: string): Promise<number> }
    return xLen.call(its, stream)
  }
})
