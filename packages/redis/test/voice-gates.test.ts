import { execFile } from 'node:child_process'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { CLIENTS } from './clients.js'
import { freshPrefix } from './store-setting.js'
import { limitOf, msUntil, open, REQUEST, side, sides, type Side } from './voice-setting.js'

let server: RedisServer
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  server = await startRedis()
  client = createClient({ url: server.url })
  await client.on('error', () => undefined).connect()
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})

describe.each(Object.entries(CLIENTS))('gates over %s', (_name, connect) => {
  test('hear of limits, ends and changes, and list what is open', async () => {
    const own = await connect(server.url)
    const [one, other] = await sides(own.client, freshPrefix(), 2)
    const held = [await open(one!), await open(other!)]
    expect((await one!.gate.connections()).map(({ process }) => process)).toEqual([
      one!.gate.process,
      other!.gate.process,
    ])
    await one!.gate.setLimits({ read: 7, export: Infinity })
    await expect.poll(() => limitOf(other!)).toBe(7)
    expect(await other!.gate.end({ account: 'acme' }, 'maintenance')).toBe(2)
    expect(held.map(({ connection }) => connection.signal.aborted)).toEqual([true, true])
    const again = await open(other!)
    await other!.registry.setClient({ id: 'acme-crm', account: 'acme', credentials: [] })
    await one!.registry.setAccount({ id: 'acme', status: 'suspended' })
    await expect.poll(() => again.connection.signal.aborted).toBe(true)
    await Promise.all([one!.gate.close(), other!.gate.close()])
    await own.close()
  })
})

describe('limits', () => {
  test('end up the same in all gates, whoever sets them at the same time', async () => {
    const all = await sides(client, freshPrefix(), 4)
    for (let round = 1; round <= 5; round++) {
      await Promise.all(
        all.map(async ({ gate }, i) => {
          await passed(Math.random() * 5)
          await Promise.all([
            gate.setLimits({ read: 100 * round + i }),
            gate.setLimits({ read: 200 * round + i }),
          ])
        }),
      )
      await passed(50)
      const [limit, ...others] = await Promise.all(all.map(limitOf))
      expect(others).toEqual([limit, limit, limit])
      // One after the other: the last decides.
      for (const [i, { gate }] of all.entries()) await gate.setLimits({ read: i + 1 })
      await expect.poll(() => Promise.all(all.map(limitOf)), { interval: 5 }).toEqual([4, 4, 4, 4])
    }
  })

  test('stay where Redis comes back with older ones, as after a fail-over', async () => {
    const prefix = freshPrefix()
    const all = await sides(client, prefix, 2)
    await all[0]!.gate.setLimits({ read: 7 })
    await expect.poll(() => Promise.all(all.map(limitOf))).toEqual([7, 7])
    await client.hSet(`${prefix}{telephony}:limits`, 'read', '1000.000:5')
    await client.hSet(`${prefix}{telephony}`, 'limits', '0')
    await expect.poll(() => client.hGet(`${prefix}{telephony}:limits`, 'read')).toMatch(/:7$/)
    expect(await Promise.all(all.map(limitOf))).toEqual([7, 7])
  })

  test('that are set go when the last gate has gone, an hour later', async () => {
    const prefix = freshPrefix()
    const [one] = await sides(client, prefix, 1)
    await one!.gate.setLimits({ read: 7 })
    await one!.gate.close()
    const kept = await client.keys(`${prefix}*`)
    expect(kept.toSorted()).toEqual([`${prefix}{telephony}`, `${prefix}{telephony}:limits`])
    for (const name of kept) expect(await client.pTTL(name)).toBeGreaterThan(3_500_000)
    const late = side(client, prefix)
    await expect.poll(() => limitOf(late)).toBe(7)
  })
})

test('a gate that has missed more than is kept takes any account for changed, and ends what an end may have meant', async () => {
  const prefix = freshPrefix()
  const [one, other] = await sides(client, prefix, 2)
  const names = `${prefix}{telephony}`
  const held = [await open(one!), await open(other!)]
  const recheck = async () => void (await client.hIncrBy(names, 'said', 1))
  // As if messages had come and been forgotten, none of them an end.
  await recheck()
  await passed(700)
  expect(held.map(({ connection }) => connection.signal.aborted)).toEqual([false, false])
  await client.hSet(names, 'ended', await client.hIncrBy(names, 'said', 5))
  await expect.poll(() => held.map(({ connection }) => connection.signal.aborted)).toEqual([true, true])
})

test('a list of thousands comes in portions', async () => {
  const [one, other] = await sides(client, freshPrefix(), 2)
  const count = 2000
  for (let i = 0; i < count; i += 100) await Promise.all(Array.from({ length: 100 }, () => open(other!)))
  let listed = 0
  const took = await msUntil(one!.gate.connections().then((views) => (listed = views.length)))
  expect(listed).toBe(count)
  expect(took).toBeLessThan(2000)
  expect(await other!.gate.end({}, 'over')).toBe(count)
})

test('all stores and gates of a client share one subscription', async () => {
  const connected = async () => (await client.clientList()).length
  // The subscription of the test before may still be closing.
  await expect.poll(connected).toBe(1)
  const all = [...(await sides(client, freshPrefix(), 6)), ...(await sides(client, freshPrefix(), 6))]
  await expect.poll(connected).toBe(2)
  await Promise.all(all.map(({ gate }) => gate.close()))
  await expect.poll(connected).toBe(1)
})

/** Redis's clock, in ms: one of whole milliseconds would tell of a time before what has happened in this one. */
async function redisClock(): Promise<string> {
  const [seconds, microseconds] = (await client.sendCommand(['TIME'])) as unknown as [string, string]
  return (Number(seconds) * 1000 + Number(microseconds) / 1000).toFixed(3)
}

test('what was published in the very moment in which the subscription was cut is heard within a second', async () => {
  const prefix = freshPrefix()
  const [one] = await sides(client, prefix, 1)
  const held = await open(one!)
  const names = `${prefix}{telephony}`
  const message = JSON.stringify({ say: 'end', filter: { account: 'acme' }, why: 'cut' })
  const at = await redisClock()
  const fields = ['by', 'another', 'at', at, 'message', message, 'question', '']
  await client
    .multi()
    .addCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    .hIncrBy(names, 'said', 1)
    .addCommand(['XADD', `${names}:said`, '1-0', ...fields])
    .publish(`${names}:voice`, 'another')
    .exec()
  const cut = performance.now()
  await expect.poll(() => held.connection.signal.aborted, { interval: 5 }).toBe(true)
  expect(performance.now() - cut).toBeLessThan(1000)
})

test('who is refused for a sign of misuse in one process is refused in the others', async () => {
  const prefix = freshPrefix()
  const misuse = { ids: { paths: ['/v1/:id'], most: 2, refuseMs: 60_000 } }
  const [one, other] = [1, 2].map(() => side(client, prefix, 2000, { misuse }))
  const ask = async ({ gate }: Side, target: string) => {
    const outcome = await gate.admit({ ...REQUEST, target })
    if (outcome.admitted) outcome.release()
    return outcome.admitted ? 'admitted' : outcome.reason
  }
  expect(await ask(other!, '/v1/a')).toBe('admitted')
  for (const target of ['/v1/a', '/v1/b', '/v1/c']) await ask(one!, target)
  expect(await ask(one!, '/v1/a')).toBe('scraping-suspected')
  await expect.poll(() => ask(other!, '/v1/a'), { timeout: 1000 }).toBe('scraping-suspected')
})

test('a gate that leaves as others speak has left for good', async () => {
  const prefix = freshPrefix()
  const [one] = await sides(client, prefix, 1)
  const left: string[] = []
  for (let round = 0; round < 20; round++) {
    const other = side(client, prefix)
    await (await open(other)).release()
    left.push(other.gate.process)
    // It reads the first and is told of the second meanwhile, which it would read a little later.
    void one!.registry.setAccount({ id: 'acme', name: `${round}` })
    await passed(round % 4)
    void one!.registry.setAccount({ id: 'acme', name: `${round} again` })
    await passed(round % 3)
    await other.gate.close()
  }
  await passed(50)
  const gates = await client.keys(`${prefix}*:gates`)
  const members = (await Promise.all(gates.map((name) => client.zRange(name, 0, -1)))).flat()
  expect(members.filter((member) => left.includes(member))).toEqual([])
})

test('what a stranger wrote where the gates speak is left alone', async () => {
  const prefix = freshPrefix()
  const [one] = await sides(client, prefix, 1)
  const held = await open(one!)
  const names = `${prefix}{telephony}`
  const said = async (text: string) => {
    const number = await client.hIncrBy(names, 'said', 1)
    await client.sendCommand([
      'XADD',
      `${names}:said`,
      `${number}-0`,
      'by',
      'x',
      'at',
      String(Date.now() + 60_000),
      'message',
      text,
      'question',
      'q',
    ])
  }
  for (const text of ['{', 'null', '7', '{"say":"shout"}', '{"say":"end"}', '{"say":"end","filter":null}'])
    await said(text)
  await said('{"say":"end","filter":{"account":["acme"]},"why":"x"}')
  await said('{"say":"end","filter":{"region":"eu"},"why":"of a later version"}')
  await client.hSet(`${names}:limits`, { read: '1:-1', write: 'x', other: '' })
  await client.hIncrBy(names, 'limits', 1)
  await passed(700)
  expect(held.connection.signal.aborted).toBe(false)
  expect(await limitOf(one!)).toBe(10_000)
  await said('{"say":"end","filter":{"account":"acme"},"why":"x"}')
  await expect.poll(() => held.connection.signal.aborted).toBe(true)
})

test('what a client sent late, when it could again, counts from when it was said', async () => {
  const prefix = freshPrefix()
  // As a client does that was cut off: what it is given meanwhile lies in its queue.
  let queue: (() => void)[] | undefined
  const cutOff = async (args: string[]) => {
    if (queue) await new Promise<void>((back) => queue!.push(back))
    return client.sendCommand(args)
  }
  const [one, other] = [side(cutOff, prefix, 200), side(client, prefix)]
  await Promise.all([open(one), open(other)])
  await expect.poll(() => client.zCard(`${prefix}{telephony}:gates`)).toBe(2)
  await passed(50)
  queue = []
  await expect(one.gate.setLimits({ read: 7 })).rejects.toThrow('hold in this process')
  await one.gate.end({}, 'over')
  await other.gate.setLimits({ read: 9 })
  await passed(300)
  const later = await open(other)
  await passed(300)
  const late = queue
  queue = undefined
  for (const back of late) back()
  await expect.poll(() => limitOf(one)).toBe(9)
  await passed(700)
  expect([await limitOf(one), await limitOf(other)]).toEqual([9, 9])
  expect(later.connection.signal.aborted).toBe(false)
})

test('an end that is told late, by a process that had paused over an answer, still means all that was open when it was said', async () => {
  const prefix = freshPrefix()
  let [answersLate, sentLate] = [false, false]
  const slow = async (args: string[]) => {
    if (sentLate) await passed(600)
    const answer = await client.sendCommand(args)
    if (answersLate) await passed(800)
    return answer
  }
  const [one, other] = [side(slow, prefix), side(client, prefix)]
  await Promise.all([open(one), open(other)])
  await passed(50)
  answersLate = true
  await passed(1500)
  const held = await open(other)
  await passed(100)
  sentLate = true
  const ended = one.gate.end({}, 'over')
  await expect.poll(() => held.connection.signal.aborted, { timeout: 3000 }).toBe(true)
  answersLate = sentLate = false
  await ended
})

test.each(['redis', 'ioredis'])(
  'a gate keeps no process alive that has closed its client: %s',
  async (kind) => {
    const program = fileURLToPath(new URL('forgetful.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program, kind, server.url], {
      timeout: 10_000,
    })
    expect(stdout).toBe('done\n')
  },
)

describe('while Redis does not answer', () => {
  test('what an operator does holds here at once, is bounded in time, and reaches the others when it is back', async () => {
    const stalled = await startRedis()
    const away = createClient({ url: stalled.url })
    await away.on('error', () => undefined).connect()
    const [one, other] = await sides(away, freshPrefix(), 2, 200)
    const here = await open(one!)
    const there = await open(other!)
    process.kill(stalled.pid, 'SIGSTOP')
    const began = performance.now()
    const set = one!.gate.setLimits({ read: 7 })
    const ended = one!.gate.end({ account: 'acme' }, 'over')
    const listed = one!.gate.connections()
    await expect(set).rejects.toMatchObject({ code: 'API_TERMS_STORE' })
    await expect(set).rejects.toThrow('hold in this process')
    expect([await ended, await listed]).toEqual([1, []])
    const took = performance.now() - began
    expect(took).toBeLessThan(600)
    expect(here.connection.signal.aborted).toBe(true)
    // The newer one wins, though it may come first.
    await passed(600)
    await expect(other!.gate.setLimits({ read: 9 })).rejects.toThrow('hold in this process')
    expect([await limitOf(one!), await limitOf(other!)]).toEqual([7, 9])
    expect(one!.warnings.map(({ code }) => code)).toContain('voice-failed')
    process.kill(stalled.pid, 'SIGCONT')
    const back = performance.now()
    await expect.poll(() => there.connection.signal.aborted, { interval: 5 }).toBe(true)
    await expect.poll(() => limitOf(one!), { interval: 5, timeout: 2000 }).toBe(9)
    expect(performance.now() - back).toBeLessThan(1500)
    await passed(600)
    expect([await limitOf(one!), await limitOf(other!)]).toEqual([9, 9])
    await Promise.all([one!.gate.close(), other!.gate.close()])
    away.destroy()
    await stalled.stop()
  })

  test('a gate closes all the same', async () => {
    const stalled = await startRedis()
    const away = createClient({ url: stalled.url })
    await away.on('error', () => undefined).connect()
    const [one] = await sides(away, freshPrefix(), 1, 200)
    process.kill(stalled.pid, 'SIGSTOP')
    expect(await msUntil(one!.gate.close())).toBeLessThan(1500)
    away.destroy()
    await stalled.stop()
  })
})
