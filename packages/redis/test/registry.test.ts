import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { issueKey, StoreError, type AccountRegistry, type RegistryChange } from '@api-terms/core'
import { redisRegistry, type RedisRegistryOptions, type SendCommand } from '@api-terms/redis'
import { TestClock } from '../../../test/clock.js'
import { redisCli, startRedis, type RedisServer } from '../../../test/redis-server.js'
import { registryKeysUnder } from '../src/keys.js'
import { CLIENTS } from './clients.js'
import { freshPrefix } from './store-setting.js'

const OPS = { by: 'ops@provider.example' }
/** What every process is to have heard of within it. */
const SECOND = { timeout: 1000, interval: 5 }
const PATIENCE = { timeout: 10_000, interval: 10 }

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

function registryWith(options: Partial<RedisRegistryOptions> = {}): AccountRegistry {
  const registry = redisRegistry({ client, prefix: freshPrefix(), timeoutMs: 5000, ...options })
  onTestFinished(() => registry.close())
  return registry
}

/** What a registry tells; begins when it listens to what others do. */
async function changesOf(registry: AccountRegistry): Promise<RegistryChange[]> {
  const heard: RegistryChange[] = []
  await registry.findByDigest('')
  registry.onChange((change) => heard.push(change))
  await registry.findByDigest('')
  // It has looked up before it listened: whatever it found may be out of date.
  await expect.poll(() => heard.length, PATIENCE).toBe(1)
  heard.length = 0
  return heard
}

describe('options', () => {
  const send = () => Promise.resolve()

  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['client']],
    ['a client that is none', { client: { send } }, ['client']],
    ['a prefix that is no text', { client: send, prefix: 7 }, ['prefix']],
    ['no time for a command', { client: send, timeoutMs: 0 }, ['timeoutMs']],
    ['a listener that is none', { client: send, onWarning: true }, ['onWarning']],
    ['a clock that is none', { client: send, clock: {} }, ['clock']],
    ['an option of the connections', { client: send, leaseMs: 15_000 }, ['leaseMs']],
    ['several', { prefix: 1, ttl: 5 }, ['client', 'prefix', 'ttl']],
  ])('%s: refused at start-up', (_, options, paths) => {
    expect(() => redisRegistry(options as RedisRegistryOptions)).toThrow(
      expect.objectContaining({
        code: 'API_TERMS_OPTIONS',
        issues: paths.map((path) => expect.objectContaining({ path }) as unknown),
      }),
    )
  })

  test('nothing is sent before somebody asks or listens', async () => {
    const sent: string[][] = []
    const bare: SendCommand = (args) => Promise.resolve(sent.push(args))
    await redisRegistry({ client: bare }).close()
    expect(sent).toEqual([])
  })
})

test('a look-up is one command', async () => {
  const sent: string[][] = []
  const bare: SendCommand = (args) => {
    sent.push(args)
    return client.sendCommand(args)
  }
  const registry = registryWith({ client: bare })
  await registry.registerAccount({ id: 'acme', ...OPS })
  await registry.registerClient({ id: 'crm', account: 'acme', ...OPS })
  const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
  await registry.findByDigest(digest)
  sent.length = 0
  expect(await registry.findByDigest(digest)).toMatchObject({ account: { id: 'acme' } })
  expect(sent).toHaveLength(1)
})

test('all keys of a registry are in one slot of a cluster, which no counter and no other prefix shares by its name', () => {
  const { all, found } = registryKeysUnder('p:')
  expect(all.map((key) => key.slice(0, key.indexOf('}') + 1))).toEqual(all.map(() => 'p:{:registry}'))
  expect(found).toEqual(all.slice(0, 4))
})

describe('an operation whose answer is lost', () => {
  /** A client that does what it is told to with each operation that is to be stored. */
  function registryOver(commit: (send: () => Promise<unknown>) => Promise<unknown>): AccountRegistry {
    const bare: SendCommand = (args) => {
      const send = () => client.sendCommand(args)
      const isCommit = args.length > 14
      return isCommit ? commit(send) : send()
    }
    return registryWith({ client: bare })
  }
  const lose = async (send: () => Promise<unknown>) => {
    await send()
    throw new Error('Socket closed unexpectedly')
  }

  test('is asked for again, and done once', async () => {
    let lost = 0
    const registry = registryOver((send) => (++lost % 2 === 1 ? lose(send) : send()))
    await registry.registerAccount({ id: 'acme', ...OPS })
    await registry.suspend({ account: 'acme', ...OPS })
    expect((await registry.history()).map(({ operation }) => operation.kind)).toEqual([
      'register-account',
      'suspend',
    ])
  })

  test('is done once where the client sends it again by itself', async () => {
    const registry = registryOver(async (send) => {
      await send()
      return send()
    })
    const first = await registry.perform({ kind: 'register-account', account: 'acme', details: {} }, OPS)
    // It changes no record, so nothing but its name could tell it.
    const next = await registry.perform({ kind: 'import', accounts: [], clients: [] }, OPS)
    expect([first.id, next.id]).toEqual([1, 2])
    expect(await registry.history()).toHaveLength(2)
  })

  test('is said to be unknown, and nothing that was asked for behind it is done', async () => {
    let losing = true
    const registry = registryOver((send) => (losing ? lose(send) : send()))
    const first = registry.registerAccount({ id: 'acme', ...OPS })
    const behind = registry.registerAccount({ id: 'globex', ...OPS })
    await expect(first).rejects.toMatchObject({ code: 'API_TERMS_STORE', outcome: 'unknown' })
    await expect(behind).rejects.toMatchObject({ code: 'API_TERMS_STORE', outcome: 'none' })
    losing = false
    expect(await registry.account('acme')).toBeDefined()
    expect(await registry.account('globex')).toBeUndefined()
    await registry.registerAccount({ id: 'globex', ...OPS })
  })
})

describe('the time of an operation', () => {
  const DAY = 86_400_000

  test('is that at which it is done, not that at which it was asked for', async () => {
    const clock = new TestClock()
    const registry = registryWith({ clock })
    const later = (days: number) => new Date(clock.now() + days * DAY)
    await registry.registerAccount({ id: 'acme', ...OPS })
    await registry.terminate({ account: 'acme', from: later(1), ...OPS })
    const before = registry.verify({ account: 'acme', ...OPS })
    const moved = registry.terminate({ account: 'acme', from: later(9), ...OPS })
    clock.advance(DAY)
    await expect(before).rejects.toMatchObject({ fault: 'terminated' })
    await expect(moved).rejects.toMatchObject({ fault: 'terminated' })
  })

  test('is in order also where processes whose clocks differ by up to a minute write at once', async () => {
    const prefix = freshPrefix()
    const now = Date.UTC(2026, 0, 1)
    let ticks = 0
    const clocks = [0, 59_000, 1].map((ahead) => ({ now: () => now + ahead + ticks++ }))
    const registries = clocks.map((clock) => registryWith({ prefix, clock }))
    // Each at an account of its own: nothing but the time is in their way.
    const doing = registries.map(async (registry, at) => {
      await registry.registerAccount({ id: `a${at}`, ...OPS })
      // oxlint-disable-next-line no-await-in-loop -- one after another, while the others write too
      for (let i = 0; i < 20; i++) await registry.verify({ account: `a${at}`, ...OPS })
    })
    await Promise.all(doing)
    const times = (await registries[0]!.history()).map(({ time }) => time.getTime())
    expect(times).toHaveLength(63)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })
})

describe('where Redis cannot do it', () => {
  test('an operation that Redis refuses has changed nothing, and says so', async () => {
    const prefix = freshPrefix()
    const registry = registryWith({ prefix })
    await registry.registerAccount({ id: 'acme', ...OPS })
    const key = registryKeysUnder(prefix).all.find((each) => each.endsWith(':listed'))!
    await client.rename(key, `${key}-kept`)
    await client.set(key, 'something else')
    const refused = registry.suspend({ account: 'acme', ...OPS })
    await expect(refused).rejects.toMatchObject({ code: 'API_TERMS_STORE', outcome: 'none' })
    expect(await registry.account('acme')).not.toHaveProperty('status')
    expect(await registry.history()).toHaveLength(1)
  })

  test('look-ups and operations reject within the time limit, and nothing was changed', async () => {
    const registry = registryWith({ client: () => new Promise(() => {}), timeoutMs: 50 })
    await expect(registry.findByDigest('')).rejects.toThrow(StoreError)
    const operation = registry.registerAccount({ id: 'acme', ...OPS })
    await expect(operation).rejects.toMatchObject({ code: 'API_TERMS_STORE', outcome: 'none' })
  })

  test('records that a later version has written are left alone', async () => {
    const prefix = freshPrefix()
    const registry = registryWith({ prefix })
    await registry.registerAccount({ id: 'acme', ...OPS })
    await client.set(registryKeysUnder(prefix).all[0]!, '2')
    const later = expect.stringContaining('Redis failed') as unknown
    await expect(registry.findByDigest('')).rejects.toMatchObject({ message: later })
    await expect(registry.suspend({ account: 'acme', ...OPS })).rejects.toMatchObject({ outcome: 'none' })
  })

  test('it goes on when Redis has forgotten its scripts', async () => {
    const registry = registryWith()
    await registry.registerAccount({ id: 'acme', ...OPS })
    await client.scriptFlush()
    await registry.suspend({ account: 'acme', ...OPS })
    expect(await registry.account('acme')).toMatchObject({ status: 'suspended' })
  })

  test('one warning tells that changes are not heard of, and they are again when it is over', async () => {
    const warnings: string[] = []
    const prefix = freshPrefix()
    let broken = false
    const bare: SendCommand = (args) =>
      broken ? Promise.reject(new Error('gone')) : client.sendCommand(args)
    const deaf = registryWith({ client: bare, prefix, onWarning: ({ code }) => warnings.push(code) })
    const heard = await changesOf(deaf)
    const other = registryWith({ prefix })
    broken = true
    await expect.poll(() => warnings, PATIENCE).toEqual(['changes-unheard'])
    await other.registerAccount({ id: 'acme', ...OPS })
    await other.registerAccount({ id: 'globex', ...OPS })
    broken = false
    await expect.poll(() => heard.map(({ account }) => account), SECOND).toEqual(['acme', 'globex'])
    expect(warnings).toEqual(['changes-unheard'])
  })
})

describe('a change is heard of within a second', () => {
  test.each(Object.entries(CLIENTS))('over %s', async (name, connect) => {
    const open = await connect(server.url)
    onTestFinished(() => open.close() as undefined)
    const prefix = freshPrefix()
    const each = () => registryWith({ client: open.client, prefix })
    const [here, there] = [each(), each()]
    const heard = await changesOf(there)
    const { channel } = registryKeysUnder(prefix)
    const isTold = async () => (await client.pubSubNumSub(channel))[channel]
    const hasMessages = typeof open.client !== 'function'
    await expect.poll(isTold, PATIENCE).toBe(hasMessages ? 1 : 0)
    await here.registerAccount({ id: 'acme', ...OPS })
    await expect.poll(() => heard, SECOND).toEqual([{ account: 'acme', everywhere: true }])
    await there.suspend({ account: 'acme', ...OPS, why: name })
    expect(await here.account('acme')).toMatchObject({ status: 'suspended' })
    await there.close()
    await expect.poll(isTold, PATIENCE).toBe(0)
  })

  test('by whoever lost its connection at that moment', async () => {
    const prefix = freshPrefix()
    const open = await CLIENTS['ioredis 6']!(server.url)
    onTestFinished(() => open.close() as undefined)
    const [here, there] = [registryWith({ prefix }), registryWith({ client: open.client, prefix })]
    const heard = await changesOf(there)
    for (const id of ['a', 'b', 'c']) {
      await Promise.all([
        redisCli(server.port, 'client', 'kill', 'type', 'pubsub'),
        here.registerAccount({ id, ...OPS }),
      ])
      await expect.poll(() => heard.at(-1)?.account, SECOND).toBe(id)
    }
    expect(heard).toHaveLength(3)
  })

  test('once, in order, however many there are', async () => {
    const prefix = freshPrefix()
    const [here, there] = [registryWith({ prefix }), registryWith({ prefix })]
    const heard = await changesOf(there)
    const ids = Array.from({ length: 40 }, (_, at) => `a${at}`)
    await Promise.all(ids.map((id) => here.registerAccount({ id, ...OPS })))
    await expect.poll(() => heard.length, SECOND).toBe(ids.length)
    expect(heard.map(({ account }) => account)).toEqual(ids)
  })

  test.each([
    ['is gone', [] as string[]],
    ['is another one, as long', ['globex', 'initech']],
    ['is another one, and longer', ['globex', 'initech', 'hooli']],
  ])('everything is looked up afresh where the history %s', async (_, others) => {
    const prefix = freshPrefix()
    const [here, there] = [registryWith({ prefix }), registryWith({ prefix })]
    const heard = await changesOf(there)
    for (const id of ['acme', 'lost']) await here.registerAccount({ id, ...OPS })
    await expect.poll(() => heard.length, SECOND).toBe(2)
    const { all } = registryKeysUnder(prefix)
    // As a replica that takes over, which had not had it yet.
    const elsewhere = freshPrefix()
    const replica = registryWith({ prefix: elsewhere })
    for (const id of others) await replica.registerAccount({ id, ...OPS })
    const swap = client.multi().del([...all])
    if (others.length > 0)
      for (const [at, key] of registryKeysUnder(elsewhere).all.entries())
        if (await client.exists(key)) swap.rename(key, all[at]!)
    await swap.exec()
    await expect.poll(() => heard.slice(2), SECOND).toEqual([{ everywhere: true }])
    await here.registerAccount({ id: 'next', ...OPS })
    await expect.poll(() => heard.at(-1)?.account, SECOND).toBe('next')
  })
})

test('who was found before the registry began to listen is looked up afresh', async () => {
  const prefix = freshPrefix()
  const [here, there] = [registryWith({ prefix }), registryWith({ prefix })]
  await here.registerAccount({ id: 'acme', ...OPS })
  const heard: RegistryChange[] = []
  there.onChange((change) => heard.push(change))
  await there.findByDigest(issueKey().digest)
  await expect.poll(() => heard, SECOND).toEqual([{ everywhere: true }])
})
