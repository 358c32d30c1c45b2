import { setTimeout as passed } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { redisCli, startRedis, type RedisServer } from '../../../test/redis-server.js'
import { connected } from '../src/client.js'
import { SharedSubscriber } from '../src/subscriber.js'
import { CLIENTS } from './clients.js'

let server: RedisServer
beforeAll(async () => void (server = await startRedis()))
afterAll(() => server.stop())

const MOMENTS = Array.from({ length: 12 }, (_, at) => 40 + 4 * at)

test.each(['ioredis 6', 'ioredis 5', 'redis 6', 'redis 4'])(
  'a subscription over %s that ends while its connection comes back leaves no rejection that nobody takes',
  async (name) => {
    const rejections: unknown[] = []
    const noted = (why: unknown) => rejections.push(why)
    process.on('unhandledRejection', noted)
    const opened = await Promise.all(
      MOMENTS.map(async (ms) => {
        const open = await CLIENTS[name]!(server.url)
        const end = await connected(open.client)!.subscribe!('channel', () => {})
        return { ms, open, end }
      }),
    )
    await redisCli(server.port, 'client', 'kill', 'type', 'pubsub')
    await Promise.all(
      opened.map(async ({ ms, open, end }) => {
        await passed(ms)
        await end()
        open.close()
      }),
    )
    await passed(50)
    process.off('unhandledRejection', noted)
    expect(rejections).toEqual([])
  },
)

test.each(['ioredis 6', 'ioredis 5', 'redis 6', 'redis 4'])(
  'a subscription over %s is there again when its connection is',
  async (name) => {
    const heard: string[] = []
    const open = await CLIENTS[name]!(server.url)
    const end = await connected(open.client)!.subscribe!(`to ${name}`, (message) => heard.push(message))
    await redisCli(server.port, 'client', 'kill', 'type', 'pubsub')
    const isHeard = async () => {
      await redisCli(server.port, 'publish', `to ${name}`, 'hello')
      return heard.length
    }
    await expect.poll(isHeard, { timeout: 5000 }).toBeGreaterThan(0)
    await end()
    open.close()
  },
)

test('a subscription that all leave at once is ended once', async () => {
  let ended = 0
  const shared = new SharedSubscriber(async () => ({
    subscribe: async () => undefined,
    unsubscribe: async () => undefined,
    end: () => ended++,
  }))
  const leave = await Promise.all(MOMENTS.map((at) => shared.subscribe(`channel ${at}`, () => {})))
  await Promise.all(leave.map((each) => each()))
  expect(ended).toBe(1)
})
