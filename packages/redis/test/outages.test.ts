import { setTimeout as passed } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { redisCli, startRedis, startRedisAt, type RedisServer } from '../../../test/redis-server.js'
import { startProxy, type TcpProxy } from '../../../test/tcp-proxy.js'
import { startMember } from './members.js'
import { clientAt, gateOver, SLACK_MS, TIMEOUT_MS, type GateSetting } from './outage-setting.js'
import { freshPrefix } from './store-setting.js'

let server: RedisServer
let prefix: string
beforeEach(async () => {
  server = await startRedis()
  prefix = freshPrefix()
})
afterEach(() => server.stop())

/** As Redis itself counts. */
const counted = async () => Number(await redisCli(server.port, 'zcard', `${prefix}{telephony|acme|read}`))
const states = ({ outages }: GateSetting) => outages.map(({ state }) => state)
const stall = () => void process.kill(server.pid, 'SIGSTOP')
const goOn = () => void process.kill(server.pid, 'SIGCONT')
const began = (setting: GateSetting) =>
  expect.poll(() => states(setting), { timeout: 3000 }).toEqual(['began'])
const ended = (setting: GateSetting) =>
  expect.poll(() => states(setting), { timeout: 5000, interval: 10 }).toEqual(['began', 'ended'])

async function throughProxy(
  options?: Parameters<typeof gateOver>[2],
): Promise<GateSetting & { proxy: TcpProxy }> {
  const proxy = await startProxy(server.port)
  onTestFinished(() => proxy.close())
  return Object.assign(gateOver(await clientAt(proxy.port), prefix, options), { proxy })
}

describe('while Redis stands still', () => {
  test('no request waits for longer than a command may take, and after the first ones none waits at all', async () => {
    const at = gateOver(await clientAt(server.port), prefix, { read: 1000 })
    await at.fill(1)
    stall()
    const first = await Promise.all(Array.from({ length: 50 }, () => at.get()))
    expect(first.filter(Boolean)).toHaveLength(50)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    await began(at)
    const before = performance.now()
    const then = await at.fill(200)
    expect(then).toHaveLength(200)
    expect(performance.now() - before).toBeLessThan(TIMEOUT_MS)
    goOn()
    await ended(at)
    expect(await counted()).toBe(251)
    expect(at.outages).toMatchObject([
      { api: 'telephony', state: 'began', cause: { code: 'API_TERMS_STORE' } },
      { state: 'ended', admitted: 250 },
    ])
  })

  test('the health tells, and since when', async () => {
    const at = gateOver(await clientAt(server.port), prefix)
    await at.fill(1)
    expect(at.gate.health()).toMatchObject({ store: 'available', processes: 1 })
    const stalledAt = Date.now()
    stall()
    await at.get()
    await began(at)
    const away = at.gate.health()
    expect(away.store).toBe('unavailable')
    expect(Math.abs(away.since.getTime() - stalledAt)).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    goOn()
    await ended(at)
    expect(at.gate.health().store).toBe('available')
    expect(at.gate.health().since.getTime()).toBeGreaterThan(away.since.getTime())
  })

  test('an outage is found where nobody asks', async () => {
    const at = gateOver(await clientAt(server.port), prefix)
    await at.fill(1)
    stall()
    await began(at)
    goOn()
    await ended(at)
  })

  test('for longer than leases last: whoever held one is counted again, and so is who came meanwhile', async () => {
    const leaseMs = 1200
    const at = gateOver(await clientAt(server.port), prefix, { read: 4, store: { leaseMs } })
    const [first, second] = await at.fill(2)
    stall()
    await began(at)
    const [third, ...more] = await at.fill(4)
    // Two of four are open from before, and this is the only process.
    expect(more).toHaveLength(1)
    first!.release()
    await passed(leaseMs + 200)
    goOn()
    const back = performance.now()
    await ended(at)
    expect(performance.now() - back).toBeLessThan(1000 + SLACK_MS)
    expect(await counted()).toBe(3)
    expect(await at.fill(3)).toHaveLength(1)
    second!.release()
    third!.release()
    await expect.poll(counted).toBe(2)
    expect(at.released.filter(({ why }) => why !== undefined)).toEqual([])
  })

  test('who waits in its line goes on in that of this process, and back', async () => {
    const at = gateOver(await clientAt(server.port), prefix, { read: 2, connections: { waitMs: 20_000 } })
    const [first, second] = await at.fill(2)
    const [third, fourth] = [at.get(), at.get()]
    await passed(100)
    stall()
    await began(at)
    first!.release()
    expect(await third).toBeDefined()
    goOn()
    await ended(at)
    expect(await counted()).toBe(2 + 3)
    second!.release()
    expect(await fourth).toBeDefined()
    await expect.poll(counted).toBe(2)
  })
})

describe('an outage', () => {
  test.each(['refuse', 'admit'] as const)('under %s', async (whenStoreFails) => {
    const at = gateOver(await clientAt(server.port), prefix, { read: 2, connections: { whenStoreFails } })
    await at.fill(1)
    stall()
    await at.get()
    await began(at)
    const meanwhile = await at.fill(10)
    expect(meanwhile).toHaveLength(whenStoreFails === 'admit' ? 10 : 0)
    goOn()
    await ended(at)
    // Above the limit: nobody new comes in until it drains.
    expect(await counted()).toBe(whenStoreFails === 'admit' ? 12 : 1)
    expect(await at.fill(1)).toHaveLength(whenStoreFails === 'admit' ? 0 : 1)
    for (const admission of meanwhile) admission.release()
    await expect.poll(counted).toBe(2)
  })

  test('leaves each process its part of the limit, and at least one connection', async () => {
    const others = await Promise.all(
      [1, 2].map(() => startMember({ url: server.url, prefix, leaseMs: 15_000, timeoutMs: 1000 })),
    )
    const at = gateOver(await clientAt(server.port), prefix, { read: 7 })
    await expect.poll(() => at.gate.health().processes, { timeout: 4000 }).toBe(3)
    stall()
    await began(at)
    expect(await at.fill(7)).toHaveLength(2)
    await at.gate.setLimits({ read: 2 })
    expect(await at.fill(2)).toHaveLength(0)
    await at.gate.end({}, 'test')
    expect(await at.fill(2)).toHaveLength(1)
    await at.gate.end({}, 'test')
    await at.gate.setLimits({ read: 0 })
    expect(await at.fill(1)).toHaveLength(0)
    goOn()
    await ended(at)
    for (const other of others) other.signal('SIGKILL')
    await expect.poll(() => at.gate.health().processes, { timeout: 8000 }).toBe(1)
  })

  test('is none where one command is slow', async () => {
    const at = await throughProxy()
    await at.fill(1)
    at.proxy.delayMs = TIMEOUT_MS + 100
    const slow = at.get()
    await passed(50)
    at.proxy.delayMs = 0
    expect(await slow).toBeDefined()
    await expect.poll(counted).toBe(2)
    expect(await at.fill(5)).toHaveLength(2)
    await expect.poll(counted).toBe(4)
    expect(states(at)).toEqual([])
  })

  test.each([
    ['of a way that is slower than a command may take', (proxy: TcpProxy) => void (proxy.delayMs = 400)],
    ['of a way that swallows everything', (proxy: TcpProxy) => void (proxy.swallow = true)],
  ])('%s is told once as it begins and once as it ends', async (_, spoil) => {
    const at = await throughProxy()
    await at.fill(1)
    spoil(at.proxy)
    await began(at)
    await at.fill(2)
    Object.assign(at.proxy, { delayMs: 0, swallow: false })
    // Nobody can go on with a connection that has lost bytes; the client finds that out by itself, here at once.
    at.proxy.cut()
    await ended(at)
    expect(await counted()).toBe(3)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    // A connection that is given back now is given back once.
    await at.gate.end({}, 'test')
    await expect.poll(counted).toBe(0)
  })

  test('ends the wait of a connection that is given back meanwhile, and warns once', async () => {
    const at = gateOver(await clientAt(server.port), prefix, { read: 20 })
    const held = await at.fill(10)
    stall()
    await began(at)
    for (const admission of held) admission.release()
    goOn()
    await ended(at)
    expect(await counted()).toBe(0)
    const codes = at.warnings.map(({ code }) => code)
    expect(codes.toSorted()).toEqual(['release-failed', 'renewal-failed'])
  })
})

describe('Redis', () => {
  test('that is killed and comes back empty knows within a second of all that is open', async () => {
    const at = gateOver(await clientAt(server.port), prefix, { read: 4 })
    const held = await at.fill(2)
    await server.stop()
    await began(at)
    expect(await at.fill(3)).toHaveLength(2)
    held[0]!.release()
    server = await startRedisAt(server.port)
    const back = performance.now()
    await ended(at)
    expect(performance.now() - back).toBeLessThan(1000 + SLACK_MS)
    expect(await counted()).toBe(3)
    expect(await at.fill(3)).toHaveLength(1)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  })

  test('that was not there as the process began is no reason to wait, and counts as it comes', async () => {
    const client = await clientAt(server.port)
    await server.stop()
    const at = gateOver(client, prefix, { read: 4 })
    await began(at)
    expect(await at.fill(3)).toHaveLength(3)
    server = await startRedisAt(server.port)
    await ended(at)
    expect(await counted()).toBe(3)
  })

  test.each([
    ['the connections of its clients are killed', ['client', 'kill', 'type', 'normal']],
    ['it forgets its scripts', ['script', 'flush']],
    ['it forgets everything', ['flushall']],
  ])('goes on where %s', async (_, command) => {
    const leaseMs = 1200
    const at = gateOver(await clientAt(server.port), prefix, { read: 4, store: { leaseMs } })
    const held = await at.fill(2)
    await redisCli(server.port, ...command)
    await expect.poll(counted, { timeout: 3000 }).toBe(2)
    await passed(300)
    expect(await at.fill(3)).toHaveLength(2)
    for (const admission of held) admission.release()
    await expect.poll(counted).toBe(2)
  })
})
