import { readFileSync } from 'node:fs'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createLedger, issueKey, type AccountRegistry, type Operation } from '@api-terms/core'
import {
  redisLedger,
  redisRegistry,
  redisUsage,
  type RedisRegistryWarning,
  type SendCommand,
} from '@api-terms/redis'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { historyOf, replayed, stateOf } from '../../../test/registry-replay.js'
import { COMMIT } from '../src/registry-scripts.js'
import { freshPrefix } from './store-setting.js'
import { sides } from './voice-setting.js'

// What becomes of a user of Redis who may not do everything.

type Client = ReturnType<typeof createClient>

const OPS = { by: 'ops@provider.example' }
const PATIENCE = { timeout: 10_000, interval: 10 }

let server: RedisServer
let root: Client
beforeAll(async () => {
  server = await startRedis()
  root = createClient({ url: server.url })
  await root.connect()
})
afterAll(async () => {
  root.destroy()
  await server.stop()
})

/** A client of a user that is made by these rules. */
async function clientOf(...rules: readonly string[]): Promise<Client> {
  const username = freshPrefix().slice(0, -1)
  await root.sendCommand(['ACL', 'SETUSER', username, 'on', '>password', ...rules])
  const client: Client = createClient({ url: server.url.replace('//', `//${username}:password@`) })
  await client.on('error', () => undefined).connect()
  onTestFinished(() => client.destroy())
  return client
}

function registryOf(
  client: Client | SendCommand,
  prefix: string,
  onWarning?: (warning: RedisRegistryWarning) => void,
): AccountRegistry {
  const registry = redisRegistry({ client, prefix, timeoutMs: 5000, ...(onWarning && { onWarning }) })
  onTestFinished(() => registry.close())
  return registry
}

describe('an operation by a user who may not do all that it takes', () => {
  const digest = (digit: string) => digit.repeat(64)
  const before: Operation[] = [
    { kind: 'register-account', account: 'acme', details: { partner: 'resell' } },
    { kind: 'register-client', client: 'crm', account: 'acme', details: {} },
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('1') } },
    { kind: 'register-account', account: 'globex', details: {} },
  ]
  const next: Operation[] = [
    { kind: 'register-account', account: 'hooli', details: { partner: 'resell' } },
    { kind: 'issue-key', client: 'crm', credential: { digest: digest('2') } },
    { kind: 'set-client', client: { id: 'crm', account: 'globex', credentials: [{ digest: digest('3') }] } },
    { kind: 'remove-account', account: 'acme' },
  ]
  const commands = [...new Set([...COMMIT.text.matchAll(/redis\.call\('(\w+)'/g)].map(([, name]) => name!))]

  test('takes more than a few commands', () => {
    expect(commands).toContain('HSET')
    expect(commands.length).toBeGreaterThan(12)
  })

  test.each(commands)('without %s is done whole, or has changed nothing and says so', async (command) => {
    const prefix = freshPrefix()
    const all = registryOf(root, prefix)
    const everything = async () => [await stateOf(all), await historyOf(all)] as const
    for (const operation of before) await all.perform(operation, OPS)
    const limited = registryOf(await clientOf('~*', '&*', '+@all', `-${command.toLowerCase()}`), prefix)
    const refused: Operation[] = []
    for (const operation of next) {
      const was = await everything()
      const entry = await limited.perform(operation, OPS).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'API_TERMS_STORE', outcome: 'none' })
        refused.push(operation)
      })
      const [state, history] = await everything()
      if (entry) expect(history).toEqual([...was[1], entry])
      else expect([state, history]).toEqual(was)
      expect(replayed(history)).toEqual(state)
    }
    expect(refused).not.toEqual([])
    for (const operation of refused) await all.perform(operation, OPS)
    expect(await all.findByDigest(digest('3'))).toMatchObject({ account: { id: 'globex' } })
    expect(await all.findByDigest(digest('1'))).toBeUndefined()
  })

  test('leaves nothing behind in the keys', async () => {
    const [prefix, other] = [freshPrefix(), freshPrefix()]
    for (const each of [prefix, other])
      for (const operation of before) await registryOf(root, each).perform(operation, OPS)
    const limited = registryOf(await clientOf('~*', '&*', '+@all', '-hset'), prefix)
    await limited.perform(next[0]!, OPS).catch(() => undefined)
    const sizes = async (of: string) => {
      const hashes = ['accounts', 'clients', 'digests'].map((name) => root.hLen(`${of}{:registry}:${name}`))
      const lists = ['listed', 'owned', 'history-of', 'done'].map((name) =>
        root.zCard(`${of}{:registry}:${name}`),
      )
      return Promise.all([...hashes, ...lists])
    }
    expect(await sizes(prefix)).toEqual(await sizes(other))
  })

  test('without its channel is done at the first try, and heard of by the others all the same', async () => {
    const prefix = freshPrefix()
    const client = await clientOf('~*', 'resetchannels', '+@all')
    let commits = 0
    const counting: SendCommand = (args) => {
      if (args.length > 14) commits++
      return client.sendCommand(args)
    }
    const heard: string[] = []
    registryOf(client, prefix, () => undefined).onChange(({ account }) => heard.push(account))
    const registry = registryOf(counting, prefix)
    await registry.registerAccount({ id: 'acme', ...OPS })
    expect(commits).toBe(1)
    await expect.poll(() => heard, PATIENCE).toContain('acme')
  })
})

describe('with the access list of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const lines = [...readme.matchAll(/^ACL SETUSER gates (.+)$/gm)].map(([, rules]) => rules!.split(' '))
  const [common = [], ofRegistry = [], ofLedger = [], ofUsage = []] = lines
  const PREFIX = 'api-terms:'

  /** Nothing is denied, not even what is done without. */
  async function denied(): Promise<unknown> {
    const log = await root.sendCommand<unknown[]>(['ACL', 'LOG'])
    await root.sendCommand(['ACL', 'LOG', 'RESET'])
    return log
  }

  test('gates count connections together, and hear of one another', async () => {
    await denied()
    const client = await clientOf(...common)
    const [here, there] = await sides(client, PREFIX, 2)
    await here!.gate.setLimits({ read: 5 })
    expect(await there!.gate.connections()).toEqual([])
    expect(await here!.gate.end({ account: 'acme' }, 'maintenance')).toBe(0)
    await Promise.all([here!.gate.close(), there!.gate.close()])
    expect([...here!.warnings, ...there!.warnings]).toEqual([])
    expect(await denied()).toEqual([])
  })

  test('a ledger is written', async () => {
    await denied()
    const client = await clientOf(...common, ...ofLedger)
    const [here] = await sides(client, PREFIX, 1)
    const ledger = createLedger({ sinks: [redisLedger({ client })] })
    ledger.follow(here!.gate)
    await here!.gate.admit({ method: 'GET', target: '/', headers: {} })
    await ledger.close()
    await here!.gate.close()
    expect([ledger.dropped, here!.warnings]).toEqual([0, []])
    expect(await denied()).toEqual([])
  })

  test('a ledger is written without the line for it too: what comes again may be there twice, and a warning says so', async () => {
    const client = await clientOf(...common)
    const stream = `${PREFIX}without-its-line`
    const sink = redisLedger({ client, stream })
    const warnings: string[] = []
    sink.onWarning?.((message, cause) => warnings.push(`${message}: ${(cause as Error).message}`))
    const entry = { id: 'l/1', at: new Date(), process: 'p', what: 'refused', count: 1 } as const
    await sink.write([entry, { ...entry, id: 'l/2' }])
    await sink.write([{ ...entry, id: 'l/3' }])
    expect(await root.xLen(stream)).toBe(3)
    expect(warnings).toEqual([expect.stringMatching(/twice.*README.*NOPERM/)])
  })

  test('a registry does its operations, and tells of them', async () => {
    await denied()
    const warnings: unknown[] = []
    const client = await clientOf(...common, ...ofRegistry)
    const each = () => registryOf(client, PREFIX, (warning) => warnings.push(warning))
    const [registry, another] = [each(), each()]
    const heard: string[] = []
    const leave = another.onChange(({ account }) => heard.push(account))
    await registry.registerAccount({ id: 'acme', partner: 'resell', ...OPS })
    await registry.registerClient({ id: 'crm', account: 'acme', ...OPS })
    const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
    await registry.suspend({ partner: 'resell', ...OPS })
    expect(await another.findByDigest(digest)).toMatchObject({ account: { status: 'suspended' } })
    expect(await historyOf(another, 'acme')).toHaveLength(4)
    await registry.perform({ kind: 'remove-account', account: 'acme' }, OPS)
    expect(await another.findByDigest(issueKey().digest)).toBeUndefined()
    await expect.poll(() => heard.length, PATIENCE).toBeGreaterThanOrEqual(5)
    leave()
    await another.close()
    expect(warnings).toEqual([])
    expect(await denied()).toEqual([])
  })

  test('usage adds up', async () => {
    await denied()
    const usage = redisUsage({ client: await clientOf(...common, ...ofUsage) })
    const day = new Date().toISOString().slice(0, 10)
    const counts = { connections: 1, heldMs: 5, bytesIn: 1, bytesOut: 1, peak: 1, refusals: {} }
    const row = { api: 'telephony', account: 'acme', class: 'read', day, ...counts }
    await usage.add({ process: 'one', serial: 1, rows: [row] })
    await usage.add({ process: 'one', serial: 2, rows: [row] })
    const [sum] = await usage.read({ from: day, to: day })
    expect(sum).toMatchObject({ account: 'acme', connections: 2, heldMs: 10 })
    expect(await denied()).toEqual([])
  })
})
