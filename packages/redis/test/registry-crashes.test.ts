import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import type { AccountRegistry } from '@api-terms/core'
import { redisRegistry } from '@api-terms/redis'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { replayed, type State } from '../../../test/registry-replay.js'
import { startWriter, type Confirmed, type Writer } from './registry-members.js'

const PREFIX = 'test:'
const ENOUGH = 15
/** More than there are, so that all come at once. */
const ALL = 1e6
const PATIENCE = { timeout: 30_000, interval: 5 }

async function registryAt(url: string): Promise<AccountRegistry> {
  const client = createClient({ url })
  await client.on('error', () => undefined).connect()
  onTestFinished(() => client.destroy())
  return redisRegistry({ client, prefix: PREFIX, timeoutMs: 5000 })
}

async function writersAt(url: string, names: readonly string[]): Promise<Writer[]> {
  const writers = await Promise.all(names.map((name) => startWriter(url, PREFIX, name)))
  for (const writer of writers) writer.start()
  return writers
}

/** Until each has confirmed some more. */
async function busy(writers: readonly Writer[]): Promise<void> {
  const before = writers.map(({ confirmed }) => confirmed.length)
  const isBusy = () => writers.every(({ confirmed }, at) => confirmed.length >= before[at]! + ENOUGH)
  await expect.poll(isBusy, PATIENCE).toBe(true)
}

async function stateOf(registry: AccountRegistry): Promise<State> {
  const accounts = await registry.accounts({ limit: ALL })
  const clients = (await Promise.all(accounts.map(async ({ id }) => registry.clientsOf(id)))).flat()
  return {
    accounts: Object.fromEntries(accounts.map((account) => [account.id, account])),
    clients: Object.fromEntries(clients.map((client) => [client.id, client])),
  }
}

/** Everything that was confirmed is in the history, which leads to the records, and every list and index agrees with them. */
async function expectWhole(registry: AccountRegistry, confirmed: readonly Confirmed[]): Promise<void> {
  const [history, state] = [await registry.history({ limit: ALL }), await stateOf(registry)]
  expect(history.map(({ id }) => id)).toEqual(history.map((_, at) => at + 1))
  expect(confirmed.map(({ id }) => ({ id, why: history[id - 1]?.why }))).toEqual(confirmed)
  expect(new Set(history.map(({ why }) => why)).size).toBe(history.length)
  expect(replayed(history)).toEqual(state)
  const issued = history.flatMap(({ operation }) =>
    operation.kind === 'issue-key' ? [operation.credential.digest] : [],
  )
  const found = await Promise.all(issued.map((digest) => registry.findByDigest(digest)))
  const owners = new Map(
    Object.values(state.clients).flatMap(({ id, credentials }) =>
      credentials.map((each) => [each.digest, id]),
    ),
  )
  expect(found.map((each) => each?.client.id)).toEqual(issued.map((digest) => owners.get(digest)))
  const resold = Object.values(state.accounts).filter(({ partner }) => partner === 'resell')
  const listed = await registry.accounts({ partner: 'resell', limit: ALL })
  expect(listed.map(({ id }) => id).toSorted()).toEqual(resold.map(({ id }) => id).toSorted())
}

test(
  'two processes write, one is killed in the middle: every operation is there whole or not at all, and the other goes on',
  { timeout: 60_000 },
  async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const registry = await registryAt(server.url)
    await registry.registerAccount({ id: 'shared', by: 'ops', why: 'first' })
    const writers = await writersAt(server.url, ['one', 'other'])
    await busy(writers)
    await writers[0]!.kill()
    await busy([writers[1]!])
    const next = await writersAt(server.url, ['third'])
    await busy([writers[1]!, ...next])
    const all = [...writers, ...next]
    await Promise.all(all.slice(1).map((writer) => writer.kill()))
    await expectWhole(
      registry,
      all.flatMap(({ confirmed }) => confirmed),
    )
    expect(all.flatMap(({ errors }) => errors)).toEqual([])
  },
)

test(
  'Redis is killed in the middle of writes, with appendfsync always: what was confirmed is there when it is back',
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const kept = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always']
    const confirmed: Confirmed[] = []
    const servers: RedisServer[] = []
    onTestFinished(async () => void (await Promise.all(servers.map((server) => server.stop()))))
    for (const round of ['a', 'b']) {
      const server = await startRedis(...kept)
      servers.push(server)
      const registry = await registryAt(server.url)
      if (round === 'a') await registry.registerAccount({ id: 'shared', by: 'ops', why: 'first' })
      await expectWhole(registry, confirmed)
      const writers = await writersAt(server.url, [`one-${round}`, `other-${round}`])
      await busy(writers)
      process.kill(server.pid, 'SIGKILL')
      await expect.poll(() => writers.every(({ errors }) => errors.length > 0), PATIENCE).toBe(true)
      await Promise.all(writers.map((writer) => writer.kill()))
      confirmed.push(...writers.flatMap((writer) => writer.confirmed))
    }
    const last = await startRedis(...kept)
    servers.push(last)
    await expectWhole(await registryAt(last.url), confirmed)
    expect(confirmed.length).toBeGreaterThan(4 * ENOUGH)
  },
)
