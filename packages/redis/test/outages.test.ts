import { setTimeout as passed } from 'node:timers/promises'
import { describe, test, type TestContext } from 'vitest'
import { redisCli, startRedis, startRedisAt } from '../../../test/redis-server.js'
import { startProxy, type TcpProxy } from '../../../test/tcp-proxy.js'
import { GIVE_AND_TAKE } from '../src/scripts.js'
import { startMember } from './members.js'
import {
  clientAt,
  gateOver,
  SLACK_MS,
  TIMEOUT_MS,
  type GateChanges,
  type GateSetting,
} from './outage-setting.js'
import { freshPrefix } from './store-setting.js'

/** A Redis of this test's own, and gates over it. */
async function scene(context: TestContext) {
  const { expect } = context
  const prefix = freshPrefix()
  let server = await startRedis()
  context.onTestFinished(() => server.stop())
  const { port } = server
  return {
    prefix,
    expect,
    url: server.url,
    port,
    cli: (...command: string[]) => redisCli(port, ...command),
    /** As Redis itself counts. */
    counted: async () => Number(await redisCli(port, 'zcard', `${prefix}{telephony|acme|read}`)),
    stall: () => void process.kill(server.pid, 'SIGSTOP'),
    goOn: () => void process.kill(server.pid, 'SIGCONT'),
    kill: () => server.stop(),
    startEmpty: async () => void (server = await startRedisAt(port)),
    gate: async (changes?: GateChanges) => gateOver(context, await clientAt(context, port), prefix, changes),
    async gateThroughProxy(changes?: GateChanges) {
      const proxy = await startProxy(port)
      context.onTestFinished(() => proxy.close())
      return { proxy, at: gateOver(context, await clientAt(context, proxy.port), prefix, changes) }
    },
    began: (at: GateSetting) => expect.poll(() => states(at), { timeout: 30_000 }).toEqual(['began']),
    ended: (at: GateSetting) =>
      expect.poll(() => states(at), { timeout: 30_000, interval: 10 }).toEqual(['began', 'ended']),
  }
}

/** They hold here; the others are told later. */
const untold = () => {}
const states = ({ outages }: GateSetting) => outages.map(({ state }) => state)

describe.concurrent('while Redis stands still', { timeout: 60_000 }, () => {
  test('no request waits for longer than a command may take, and after the first ones none waits at all', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 1000 })
    await at.fill(1)
    on.stall()
    const first = await Promise.all(Array.from({ length: 50 }, () => at.get()))
    expect(first.filter(Boolean)).toHaveLength(50)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    await on.began(at)
    const before = performance.now()
    const then = await at.fill(200)
    expect(then).toHaveLength(200)
    expect(performance.now() - before).toBeLessThan(TIMEOUT_MS)
    on.goOn()
    await on.ended(at)
    expect(await on.counted()).toBe(251)
    expect(at.outages).toMatchObject([
      { api: 'telephony', state: 'began', cause: { code: 'API_TERMS_STORE' } },
      { state: 'ended', admitted: 250 },
    ])
  })

  test('the health tells, and since when', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate()
    await at.fill(1)
    expect(at.gate.health()).toMatchObject({ store: 'available', processes: 1 })
    const stalledAt = Date.now()
    on.stall()
    await at.get()
    await on.began(at)
    const away = at.gate.health()
    expect(away.store).toBe('unavailable')
    expect(Math.abs(away.since.getTime() - stalledAt)).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    on.goOn()
    await on.ended(at)
    expect(at.gate.health().store).toBe('available')
    expect(at.gate.health().since.getTime()).toBeGreaterThan(away.since.getTime())
  })

  test('an outage is found where nobody asks', async (context) => {
    const on = await scene(context)
    const at = await on.gate()
    await at.fill(1)
    on.stall()
    await on.began(at)
    on.goOn()
    await on.ended(at)
  })

  test('who waits in its line goes on in that of this process, and back', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 2, connections: { waitMs: 20_000 } })
    const [first, second] = await at.fill(2)
    const [third, fourth] = [at.get(), at.get()]
    await passed(100)
    on.stall()
    await on.began(at)
    first!.release()
    expect(await third).toBeDefined()
    on.goOn()
    await on.ended(at)
    expect(await on.counted()).toBe(2 + 3)
    second!.release()
    expect(await fourth).toBeDefined()
    await expect.poll(on.counted).toBe(2)
  })
})

describe.concurrent('an outage', { timeout: 60_000 }, () => {
  test.for(['refuse', 'admit'] as const)('under %s', async (whenStoreFails, context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 2, connections: { whenStoreFails } })
    await at.fill(1)
    on.stall()
    await at.get()
    await on.began(at)
    const meanwhile = await at.fill(10)
    expect(meanwhile).toHaveLength(whenStoreFails === 'admit' ? 10 : 0)
    on.goOn()
    await on.ended(at)
    // Above the limit: nobody new comes in until it drains.
    expect(await on.counted()).toBe(whenStoreFails === 'admit' ? 12 : 1)
    expect(await at.fill(1)).toHaveLength(whenStoreFails === 'admit' ? 0 : 1)
    for (const admission of meanwhile) admission.release()
    await expect.poll(on.counted).toBe(2)
  })

  test('leaves each process its part of the limit, and at least one connection', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const others = await Promise.all(
      [1, 2].map(() =>
        startMember(
          { url: on.url, prefix: on.prefix, leaseMs: 15_000, timeoutMs: 1000 },
          context.onTestFinished,
        ),
      ),
    )
    const at = await on.gate({ read: 7 })
    await expect.poll(() => at.gate.health().processes, { timeout: 30_000 }).toBe(3)
    on.stall()
    await on.began(at)
    expect(await at.fill(7)).toHaveLength(2)
    await at.gate.setLimits({ read: 2 }).catch(untold)
    expect(await at.fill(2)).toHaveLength(0)
    await at.gate.end({}, 'test')
    expect(await at.fill(2)).toHaveLength(1)
    await at.gate.end({}, 'test')
    await at.gate.setLimits({ read: 0 }).catch(untold)
    expect(await at.fill(1)).toHaveLength(0)
    // As Redis comes back empty, whoever finds out first is alone there: its part is no larger for that.
    for (const other of others) other.signal('SIGSTOP')
    await on.kill()
    await on.startEmpty()
    const known = new Set<number>()
    while (at.gate.health().store === 'unavailable') {
      known.add(at.gate.health().processes)
      // oxlint-disable-next-line no-await-in-loop -- looks again and again
      await passed(5)
    }
    expect([...known]).toEqual([3])
    await expect.poll(() => at.gate.health().processes).toBe(1)
    await on.ended(at)
  })

  test('is none where one command is slow', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const client = await clientAt(context, on.port)
    const timeoutMs = 1000
    let slow = 0
    const send = async (args: string[]) => {
      // Not the sign of life, of which a failure is told otherwise.
      if (args[1] === GIVE_AND_TAKE.sha && slow-- > 0) await passed(timeoutMs + 100)
      return client.sendCommand(args)
    }
    const at = gateOver(context, send, on.prefix, { store: { timeoutMs } })
    await at.fill(1)
    slow = 1
    expect(await at.fill(1)).toHaveLength(1)
    await expect.poll(on.counted).toBe(2)
    expect(await at.fill(5)).toHaveLength(2)
    await expect.poll(on.counted).toBe(4)
    expect(states(at)).toEqual([])
    expect(at.warnings.map(({ code }) => code)).toContain('store-failed')
  })

  test.for<[string, (proxy: TcpProxy) => void]>([
    [
      'of a way that is slower than a command may take',
      (proxy: TcpProxy) => void (proxy.delayMs = 2 * TIMEOUT_MS),
    ],
    ['of a way that swallows everything', (proxy: TcpProxy) => void (proxy.swallow = true)],
  ])('%s is told once as it begins and once as it ends', async ([, spoil], context) => {
    const on = await scene(context)
    const { expect } = on
    const { proxy, at } = await on.gateThroughProxy()
    await at.fill(1)
    spoil(proxy)
    await on.began(at)
    await at.fill(2)
    Object.assign(proxy, { delayMs: 0, swallow: false })
    // Nobody can go on with a connection that has lost bytes; the client finds that out by itself, here at once.
    proxy.cut()
    await on.ended(at)
    expect(await on.counted()).toBe(3)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    // A connection that is given back now is given back once.
    await at.gate.end({}, 'test')
    await expect.poll(on.counted).toBe(0)
  })

  test('ends the wait of a connection that is given back meanwhile, and warns once', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 20 })
    const held = await at.fill(10)
    on.stall()
    await on.began(at)
    for (const admission of held) admission.release()
    on.goOn()
    await on.ended(at)
    expect(await on.counted()).toBe(0)
    const codes = at.warnings.map(({ code }) => code).filter((code) => code !== 'voice-failed')
    expect(codes.toSorted()).toEqual(['release-failed', 'renewal-failed'])
  })
})

describe.concurrent('Redis', { timeout: 60_000 }, () => {
  test('that was not there as the process began is no reason to wait, and counts as it comes', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 4 })
    await on.kill()
    await on.began(at)
    expect(await at.fill(3)).toHaveLength(3)
    await on.startEmpty()
    await on.ended(at)
    expect(await on.counted()).toBe(3)
  })

  test.for<[string, string[]]>([
    ['the connections of its clients are killed', ['client', 'kill', 'type', 'normal']],
    ['it forgets its scripts', ['script', 'flush']],
    ['it forgets everything', ['flushall']],
  ])('goes on where %s', async ([, command], context) => {
    const on = await scene(context)
    const { expect } = on
    const leaseMs = 4 * TIMEOUT_MS
    const at = await on.gate({ read: 4, store: { leaseMs } })
    const held = await at.fill(2)
    await on.cli(...command)
    await expect.poll(on.counted).toBe(2)
    await passed(300)
    expect(await at.fill(3)).toHaveLength(2)
    for (const admission of held) admission.release()
    await expect.poll(on.counted).toBe(2)
  })
})

// One after the other: they look at the time.
describe('Redis, as it returns,', () => {
  test('knows within a second of whoever held a lease that has ended meanwhile, and of who came meanwhile', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const leaseMs = 4 * TIMEOUT_MS
    const at = await on.gate({ read: 4, store: { leaseMs } })
    const [first, second] = await at.fill(2)
    on.stall()
    await on.began(at)
    const [third, ...more] = await at.fill(4)
    // Two of four are open from before, and this is the only process.
    expect(more).toHaveLength(1)
    first!.release()
    await passed(leaseMs + 200)
    on.goOn()
    const back = performance.now()
    await on.ended(at)
    expect(performance.now() - back).toBeLessThan(1000 + SLACK_MS)
    expect(await on.counted()).toBe(3)
    expect(await at.fill(3)).toHaveLength(1)
    second!.release()
    third!.release()
    await expect.poll(on.counted).toBe(2)
    expect(at.released.filter(({ why }) => why !== undefined)).toEqual([])
  })

  test('empty, since it was killed, knows within a second of all that is open', async (context) => {
    const on = await scene(context)
    const { expect } = on
    const at = await on.gate({ read: 4 })
    const held = await at.fill(2)
    await on.kill()
    await on.began(at)
    expect(await at.fill(3)).toHaveLength(2)
    held[0]!.release()
    await on.startEmpty()
    const back = performance.now()
    await on.ended(at)
    expect(performance.now() - back).toBeLessThan(1000 + SLACK_MS)
    expect(await on.counted()).toBe(3)
    expect(await at.fill(3)).toHaveLength(1)
    expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  })
})
