// What goes wrong, one thing after the other, under load. Each tells how long it took until every account had its whole limit again.
import { setTimeout as passed } from 'node:timers/promises'
import { ACCOUNTS, LIMITS } from './fleet.mjs'

const BETWEEN_MS = 1500
const PATIENCE_MS = 60_000

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

  'CLIENT KILL': ({ redis }) => killClients(redis),

  async 'kill -9'({ fleet, observer }) {
    const { victim, held } = await busiest(fleet, observer)
    victim.child.ready().catch(() => {})
    fleet.drop(victim)
    const at = performance.now()
    victim.child.signal('SIGKILL')
    await forget(observer, victim)
    const fullAfterMs = await untilFull({ observer }, at)
    await fleet.join()
    return { fullAfterMs, told: { held } }
  },

  async 'SIGSTOP past the lease'({ fleet, observer, leaseMs }) {
    const { victim, held } = await busiest(fleet, observer)
    fleet.drop(victim)
    const at = performance.now()
    victim.child.signal('SIGSTOP')
    await forget(observer, victim)
    const fullAfterMs = await untilFull({ observer }, at)
    await passed(Math.max(0, 1.5 * leaseMs - (performance.now() - at)))
    const from = await observer.now()
    const woken = performance.now()
    victim.child.signal('SIGCONT')
    while ((await victim.child.ask('held')) > 0) await passed(5)
    const endedAfterMs = performance.now() - woken
    fleet.members.push(victim)
    return { fullAfterMs, excused: { from }, told: { held, endedAfterMs } }
  },

  async FLUSHALL({ redis, observer, leaseMs }) {
    const from = await observer.now()
    await redis.client.flushAll()
    // Each process learns it by its next renewal.
    await passed(leaseMs)
    const late = (await observer.over()).filter(({ at }) => at >= from)
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

/** Twice: what a process had sent before its end may arrive after it. */
async function forget(observer, { name }) {
  await observer.forget(name, ACCOUNTS)
  await passed(100)
  await observer.forget(name, ACCOUNTS)
}

/** One that has several at work for the account with most of them. */
async function busiest(fleet, observer) {
  for (;;) {
    for (const victim of fleet.members) {
      const held = await observer.inside(victim.name, 'ten')
      if (held >= 2) return { victim, held }
    }
  }
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
