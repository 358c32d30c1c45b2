import { setTimeout as passed } from 'node:timers/promises'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { issueKey } from '@api-terms/core'
import { startRedis, type RedisServer } from '../../../test/redis-server.js'
import { freshPrefix } from './store-setting.js'
import {
  openStream,
  openWebSocket,
  startMember,
  statusOf,
  type Member,
  type Server,
  type ServerOptions,
} from './voice-members.js'

/** What the README promises. */
const WITHIN_MS = 1000

let redis: RedisServer
let client: ReturnType<typeof createClient>
let table: ReturnType<typeof createClient>
let members: Member[]
beforeAll(async () => {
  redis = await startRedis()
  members = await Promise.all([1, 2, 3].map(() => startMember(redis.url)))
  client = createClient({ url: redis.url })
  table = createClient({ url: redis.url, database: 1 })
  for (const each of [client, table]) await each.on('error', () => undefined).connect()
}, 60_000)
afterAll(async () => {
  for (const member of members) member.signal('SIGKILL')
  client.destroy()
  table.destroy()
  await redis.stop()
})

/** A provider's table of its own, with an account for each name, and a gate in each of several processes that read it. */
async function provider(count: number, options: Partial<ServerOptions> = {}) {
  const prefix = freshPrefix()
  const keys: Record<string, string> = {}
  const put = (account: string, digest: string, changes: { status?: string; revokedAt?: Date } = {}) =>
    table.hSet(
      prefix,
      digest,
      JSON.stringify({
        account: { id: account, ...(changes.status && { status: changes.status }) },
        client: { id: `${account}-app`, account, credentials: [] },
        credential: { digest, ...(changes.revokedAt && { revokedAt: changes.revokedAt }) },
      }),
    )
  const digests: Record<string, string> = {}
  for (const account of ['acme', 'globex']) {
    const { key, digest } = issueKey()
    keys[account] = key
    digests[account] = digest
    await put(account, digest)
  }
  const start = async (member: Member, changes: Partial<ServerOptions> = {}) => {
    const server = await member.serve({ prefix, ...changes, ...options })
    onTestFinished(() => server.close())
    return server
  }
  const servers = await Promise.all(
    members.slice(0, count).map((member, i) => start(member, { told: i === 0 })),
  )
  // Each knows the others.
  await passed(50)
  return {
    prefix,
    servers,
    start,
    keys: keys as { acme: string; globex: string },
    restore: (account: string) => put(account, digests[account]!),
    suspend: (account: string) => put(account, digests[account]!, { status: 'suspended' }),
    revoke: (account: string) => put(account, digests[account]!, { revokedAt: new Date(0) }),
  }
}

async function msUntil(happens: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await happens
  return performance.now() - began
}

async function becomes<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  while ((await look()) !== wanted) await passed(5)
}

const all = <T>(servers: readonly Server[], ask: (server: Server) => Promise<T>): Promise<T[]> =>
  Promise.all(servers.map(ask))

describe('limits set in one process', () => {
  test('hold in every other within a second, and in one that starts later', async () => {
    const { servers, keys, start } = await provider(3)
    expect(await all(servers, (server) => statusOf(server, keys.acme))).toEqual([200, 200, 200])
    const began = performance.now()
    await servers[1]!.setLimits({ read: 0 })
    await all(servers, (server) => becomes(() => statusOf(server, keys.acme), 429))
    expect(performance.now() - began).toBeLessThan(WITHIN_MS)
    // Class by class: what is not named stays as it was set before.
    await servers[2]!.setLimits({ write: 3 })
    const late = await start(members[2]!)
    await becomes(() => statusOf(late, keys.acme), 429)
    await late.setLimits({ read: 1 })
    await all([...servers, late], (server) => becomes(() => statusOf(server, keys.acme), 200))
  })

  test('let in whoever waits in another', async () => {
    const { servers, keys } = await provider(2, { limits: { read: 1 }, waitMs: 15_000 })
    const [a, b] = servers as [Server, Server]
    const first = await openStream(a, keys.acme)
    const second = openStream(b, keys.acme)
    await passed(100)
    expect(await msUntil(Promise.all([a.setLimits({ read: 2 }), second]))).toBeLessThan(WITHIN_MS)
    expect([first.status, (await second).status]).toEqual([200, 200])
  })

  test('stay when Redis forgets them, as long as a process lives', async () => {
    const { servers, keys, start, prefix } = await provider(2)
    await servers[0]!.setLimits({ read: 0 })
    await all(servers, (server) => becomes(() => statusOf(server, keys.acme), 429))
    for await (const names of client.scanIterator({ MATCH: `${prefix}*` }))
      if (names.length > 0) await client.del(names)
    await passed(WITHIN_MS)
    const late = await start(members[2]!)
    await becomes(() => statusOf(late, keys.acme), 429)
  })
})

describe('connections ended in one process', () => {
  test('end in every other within a second, streams and WebSockets alike, and are counted together', async () => {
    const { servers, keys } = await provider(3)
    const meant = [
      ...(await all(servers, (server) => openStream(server, keys.acme))),
      ...(await all(servers, (server) => openWebSocket(server, keys.acme))),
    ]
    const other = await openStream(servers[1]!, keys.globex)
    const began = performance.now()
    const count = await servers[0]!.end({ account: 'acme' }, 'maintenance')
    await Promise.all(meant.map(({ ended }) => ended))
    expect(performance.now() - began).toBeLessThan(WITHIN_MS)
    expect(count).toBe(6)
    expect((await servers[2]!.released()).map(({ why }) => why)).toEqual(['maintenance', 'maintenance'])
    expect((await servers[0]!.connections()).map(({ account }) => account)).toEqual(['globex'])
    other.leave()
  })

  test('end in a process that was stopped as it wakes, but none that was opened after the call', async () => {
    const { servers, keys } = await provider(2)
    const [a, b] = servers as [Server, Server]
    const before = await openStream(b, keys.acme)
    const here = await openStream(a, keys.acme)
    members[1]!.signal('SIGSTOP')
    const took = await msUntil(a.end({}, 'maintenance').then((count) => expect(count).toBe(1)))
    expect(took).toBeLessThan(2500)
    await here.ended
    // Comes while the process sleeps, and is admitted as it wakes, before or after it has heard.
    const after = openStream(b, keys.acme)
    await passed(200)
    members[1]!.signal('SIGCONT')
    expect(await msUntil(before.ended)).toBeLessThan(WITHIN_MS)
    expect((await after).status).toBe(200)
    await passed(700)
    expect((await b.connections({ process: b.name })).length).toBe(1)
    expect(await a.warnings()).toContain('process-silent')
  })

  test('may be those of one process, which is named', async () => {
    const { servers, keys } = await provider(2)
    await all(servers, (server) => openStream(server, keys.acme))
    expect(await servers[0]!.end({ process: servers[1]!.name }, 'drained')).toBe(1)
    const left = await servers[1]!.connections()
    expect(left.map(({ process }) => process)).toEqual([servers[0]!.name])
  })
})

describe('a change that the registry of one process tells', () => {
  test.each(['suspended', 'revoked'])(
    'takes effect in every other within a second: %s, for requests, streams, WebSockets and whoever waits',
    async (what) => {
      const { servers, keys, suspend, revoke } = await provider(3, { limits: { read: 5 }, waitMs: 15_000 })
      const open = await all(servers, (server) => openStream(server, keys.acme))
      open.push(await openWebSocket(servers[1]!, keys.acme), await openWebSocket(servers[2]!, keys.acme))
      const waiting = all(servers, (server) => openStream(server, keys.acme))
      await passed(100)
      await (what === 'suspended' ? suspend('acme') : revoke('acme'))
      // Kept: it does not take effect by itself.
      await passed(100)
      expect(await statusOf(servers[2]!, keys.globex)).toBe(200)
      const began = performance.now()
      await servers[0]!.announce('acme')
      await Promise.all(open.map(({ ended }) => ended))
      const refused = what === 'suspended' ? 403 : 401
      // Whoever was given a slot before its own process had heard is let in, and ended as that hears.
      for (const { status, ended } of await waiting) {
        if (status === refused) continue
        expect(status).toBe(200)
        // oxlint-disable-next-line no-await-in-loop -- all end within the bound below
        await ended
      }
      expect(await all(servers, (server) => statusOf(server, keys.acme))).toEqual([refused, refused, refused])
      expect(performance.now() - began).toBeLessThan(WITHIN_MS)
      expect(await statusOf(servers[2]!, keys.globex)).toBe(200)
    },
  )

  test('is told once, and by nobody again', async () => {
    const { servers, prefix } = await provider(3, { told: true })
    await servers[0]!.announce('acme')
    await passed(300)
    expect(await client.xLen(`${prefix}{telephony}:said`)).toBe(1)
  })
})

describe('a process that could not hear', () => {
  test('because its subscription was cut catches up within a second', async () => {
    const { servers, keys, suspend } = await provider(2)
    for (let round = 0; round < 3; round++) {
      const stream = await openStream(servers[1]!, round < 2 ? keys.globex : keys.acme)
      if (round === 2) await suspend('acme')
      await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
      const done = round < 2 ? servers[0]!.end({ account: 'globex' }, 'cut') : servers[0]!.announce('acme')
      expect(await msUntil(Promise.all([done, stream.ended]))).toBeLessThan(WITHIN_MS)
    }
  })

  test('because its client cannot subscribe hears within a second all the same', async () => {
    const { servers, keys } = await provider(2, { bare: true })
    const stream = await openStream(servers[1]!, keys.acme)
    const ended = servers[0]!.end({ account: 'acme' }, 'cut')
    expect(await msUntil(Promise.all([ended, stream.ended]))).toBeLessThan(WITHIN_MS)
    expect(await ended).toBe(1)
  })

  test('because it was stopped hears of a suspension as it wakes', async () => {
    const { servers, keys, suspend } = await provider(2)
    const stream = await openStream(servers[1]!, keys.acme)
    members[1]!.signal('SIGSTOP')
    await suspend('acme')
    await servers[0]!.announce('acme')
    await passed(300)
    members[1]!.signal('SIGCONT')
    expect(await msUntil(stream.ended)).toBeLessThan(WITHIN_MS)
    expect(await statusOf(servers[1]!, keys.acme)).toBe(403)
  })
})

/** `VOICE_ROUNDS=200` for figures that can be quoted: they are printed then. */
const ROUNDS = Number(process.env['VOICE_ROUNDS'] ?? 0)

describe.each([
  ['that are subscribed', false, 5],
  ['that can only look', true, 1],
])('time and again, in processes %s', (how, bare, atLeast) => {
  const rounds = Math.max(ROUNDS, atLeast)
  test(
    'a suspended account, an ended connection and a limit take effect in the others within a second',
    async () => {
      const { servers, keys, suspend, restore } = await provider(3, { bare })
      const [here, ...others] = servers as [Server, Server, Server]
      const times: Record<string, number[]> = { suspended: [], ended: [], limit: [] }
      for (let round = 0; round < rounds; round++) {
        const streams = await all(others, (server) => openStream(server, keys.acme))
        await suspend('acme')
        const gone = Promise.all(streams.map(({ ended }) => ended))
        times['suspended']!.push(await msUntil(Promise.all([here.announce('acme'), gone])))
        await restore('acme')
        await here.announce('acme')
        const more = await all(others, (server) => openStream(server, keys.globex))
        const over = Promise.all(more.map(({ ended }) => ended))
        times['ended']!.push(await msUntil(Promise.all([here.end({ account: 'globex' }, 'over'), over])))
        const blocked = all(others, (server) => becomes(() => statusOf(server, keys.globex), 429))
        times['limit']!.push(await msUntil(Promise.all([here.setLimits({ read: 0 }), blocked])))
        await here.setLimits({ read: 10 })
        for (const server of others) await becomes(() => statusOf(server, keys.globex), 200)
        await all(others, (server) => becomes(() => statusOf(server, keys.acme), 200))
      }
      for (const [what, each] of Object.entries(times)) {
        const sorted = each.toSorted((one, other) => one - other).map(Math.round)
        if (ROUNDS > 0)
          console.log(
            `${how}: ${what}: median ${sorted[rounds >> 1]} ms, most ${sorted.at(-1)} ms of ${rounds}`,
          )
        expect(sorted.at(-1)).toBeLessThan(WITHIN_MS)
      }
    },
    60_000 + 3000 * rounds,
  )
})

test('what is open in every process is listed, with its process, oldest first', async () => {
  const { servers, keys } = await provider(3)
  const names = servers.map(({ name }) => name)
  for (const server of [servers[1]!, servers[0]!, servers[2]!]) {
    await openStream(server, keys.acme)
    // Far enough apart for a busy machine.
    await passed(150)
  }
  await openStream(servers[0]!, keys.globex)
  const views = await servers[2]!.connections({ account: 'acme' })
  expect(views).toMatchObject([
    { process: names[1], account: 'acme', client: 'acme-app', target: '/v1/events', class: 'read' },
    { process: names[0] },
    { process: names[2] },
  ])
  expect(await servers[2]!.connections({ id: views[0]!.id })).toHaveLength(1)
})

test('a process that leaves is neither waited for nor listed', async () => {
  const { servers, keys } = await provider(2)
  await openStream(servers[1]!, keys.acme)
  await servers[0]!.close()
  expect(await msUntil(servers[1]!.end({}, 'over'))).toBeLessThan(500)
  expect(await servers[1]!.warnings()).toEqual([])
})
