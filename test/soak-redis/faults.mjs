// What goes wrong, one thing after the other, under load. Each tells how long it took until every account had its whole limit again.
import { setTimeout as passed } from 'node:timers/promises'
import { request } from 'undici'
import { ACCOUNTS, LIMITS } from './fleet.mjs'

const BETWEEN_MS = 1500
const PATIENCE_MS = 60_000
const REFUSED_BY_MS = 400

/**
 * Runs them all. `excused` are the times in which more than the limit may be at work, since nothing can tell a process in time that Redis has
 * forgotten its leases, or that it has slept.
 */
export async function runFaults(soak) {
  const found = []
  const excused = []
  for (const [name, fault] of Object.entries(FAULTS)) {
    await passed(BETWEEN_MS)
    const began = await soak.observer.now()
    const facts = (await fault(soak)) ?? {}
    const fullAfterMs = facts.fullAfterMs ?? (await untilFull(soak, performance.now()))
    const ended = await soak.observer.now()
    if (facts.excused) excused.push({ name, from: facts.excused.from ?? began, to: ended })
    found.push({ name, ...facts.told, fullAfterMs })
  }
  return { found, excused }
}

const FAULTS = {
  nothing: async () => {},

  'SCRIPT FLUSH': async ({ redis }) => void (await redis.client.scriptFlush()),

  async 'CLIENT KILL'(soak) {
    const free = untilFree(soak)
    await killClients(soak.redis)
    return { told: { freeAfterMs: await free } }
  },

  async 'kill -9'(soak) {
    const { fleet, observer } = soak
    const { victim, held } = await occupied(soak)
    victim.child.ready().catch(() => {})
    fleet.drop(victim)
    const at = performance.now()
    const free = untilFree(soak)
    victim.child.signal('SIGKILL')
    await forget(observer, victim)
    const freeAfterMs = await free
    const fullAfterMs = await untilFull(soak, at)
    await fleet.join()
    return { fullAfterMs, told: { held, freeAfterMs } }
  },

  async 'SIGSTOP past the lease'(soak) {
    const { fleet, observer, leaseMs } = soak
    const { victim, held } = await occupied(soak)
    fleet.drop(victim)
    const at = performance.now()
    const free = untilFree(soak)
    victim.child.signal('SIGSTOP')
    await forget(observer, victim)
    const freeAfterMs = await free
    const fullAfterMs = await untilFull(soak, at)
    await passed(Math.max(0, 1.5 * leaseMs - (performance.now() - at)))
    const from = await observer.now()
    victim.child.signal('SIGCONT')
    await passed(leaseMs)
    const late = (await observer.over()).filter((excess) => excess.at >= from)
    const lastOverAfterMs = late.length > 0 ? late.at(-1).at - from : 0
    const stillHeld = await victim.child.ask('held')
    fleet.members.push(victim)
    return { fullAfterMs, excused: { from }, told: { held, freeAfterMs, lastOverAfterMs, stillHeld } }
  },

  async FLUSHALL({ redis, observer, leaseMs }) {
    const from = await observer.now()
    await redis.client.flushAll()
    // Each process learns it by its next renewal.
    await passed(leaseMs)
    const late = (await observer.over()).filter((excess) => excess.at >= from)
    const lastOverAfterMs = late.length > 0 ? late.at(-1).at - from : 0
    const most = Math.max(0, ...late.map(({ account, inside }) => inside / LIMITS[account]))
    return { excused: { from }, told: { timesOver: late.length, lastOverAfterMs, timesTheLimit: most } }
  },
}

/** Every connection of the stores, but not this one. */
async function killClients({ client }) {
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
}

/** How long it takes until Redis has let go of all that is open now: the leases of the dead among it end by themselves. */
async function untilFree({ redis, counters }) {
  const began = performance.now()
  const open = new Set(await members(redis, counters))
  while (performance.now() - began < PATIENCE_MS) {
    await passed(10)
    const now = await members(redis, counters)
    if (!now.some((id) => open.has(id))) return performance.now() - began
  }
  return Infinity
}

async function members({ client }, counters) {
  const keys = await client.keys(counters)
  const all = await Promise.all(keys.map((key) => client.zRange(key, 0, -1)))
  // While somebody waits there is a note of the limit too, which is nobody's.
  return all.flat().filter((id) => id !== 'limit')
}

/** Twice: what a process had sent before its end may arrive after it. */
async function forget(observer, { name }) {
  await observer.forget(name, ACCOUNTS)
  await passed(100)
  await observer.forget(name, ACCOUNTS)
}

/** A process that holds several connections for as long as it may. */
async function occupied({ fleet, observer }) {
  const [victim] = fleet.members
  const [key] = fleet.keys.ten
  const ask = () =>
    request(`http://127.0.0.1:${victim.port}/v1/work?ms=${PATIENCE_MS}`, {
      headers: { authorization: `Bearer ${key}` },
      bodyTimeout: 2 * PATIENCE_MS,
      headersTimeout: 2 * PATIENCE_MS,
    }).then(
      ({ body }) => body.dump(),
      () => {},
    )
  for (let left = 3; left > 0;) {
    // Who is refused is so at once.
    if ((await Promise.race([ask(), passed(REFUSED_BY_MS, 'held')])) === 'held') left--
  }
  return { victim, held: await observer.inside(victim.name, 'ten') }
}

async function untilFull({ observer }, since) {
  await observer.beginLately()
  while (performance.now() - since < PATIENCE_MS) {
    const most = await observer.most('lately')
    if (ACCOUNTS.every((account) => (most[account] ?? 0) >= LIMITS[account])) return performance.now() - since
    await passed(5)
  }
  return Infinity
}
