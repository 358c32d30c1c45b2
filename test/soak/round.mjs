// One server, its callers, and what must hold when they have gone.
import { fileURLToPath } from 'node:url'
import { Child } from '../child.mjs'
import { createCallers } from './callers.mjs'
import { keptAlive } from './kept-alive.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))
/** What the heap may have grown by: caches of the engine, code compiled meanwhile. A leak of 100 bytes a request is more. */
const HEAP_BOUND = 3_000_000

/** Runs it; resolves with a summary, `faults` among it. */
export async function runRound({ app, registry, waitMs, requests, concurrency, random }) {
  const began = performance.now()
  const child = new Child(SERVER, [app, registry, waitMs, random.whole(0, 1e9)])
  const { port, keys } = await child.ready()
  const faults = []
  const tally = { sent: 0, statuses: {} }
  // Warm, so that what is loaded and compiled once is not taken for a leak.
  await crowd({
    app,
    port,
    keys,
    requests: Math.ceil(requests / 4),
    concurrency,
    random,
    tally,
    faults,
    child,
  })
  const before = await child.ask('weigh')
  await crowd({
    app,
    port,
    keys,
    requests: requests - Math.ceil(requests / 4),
    concurrency,
    random,
    tally,
    faults,
    child,
  })
  const after = await child.ask('weigh')
  const listeners = app === 'http2' ? [] : await keptAlive(port, Object.values(keys)[0][0].key, child)
  const report = await child.ask('report')
  faults.push(...report.faults, ...listeners, ...leftovers(report, before, after))
  await child.ask('close')
  await child.stop()
  if (child.printed) faults.push(`the server printed: ${child.printed.slice(0, 500)}`)
  return {
    app,
    registry,
    waitMs,
    seconds: (performance.now() - began) / 1000,
    ...tally,
    ...report,
    faults,
    before,
    after,
  }
}

async function crowd({ app, port, keys, requests, concurrency, random, tally, faults, child }) {
  const callers = createCallers(app, port, keys)
  const goal = tally.sent + requests
  await child.ask('begin')
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const own = random.branch()
      while (tally.sent < goal) await oneAct(callers, own, tally, faults)
    }),
  )
  await callers.close()
  const left = await child.ask('calm')
  for (const [what, count] of Object.entries(left)) if (count > 0) faults.push(`${count} left open: ${what}`)
}

async function oneAct(callers, random, tally, faults) {
  try {
    const { sent, statuses } = await callers.act(random)
    tally.sent += sent
    for (const status of statuses) tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
  } catch (error) {
    tally.sent++
    if (faults.length < 20) faults.push(error.message)
  }
}

function leftovers({ unreleased, seen }, before, after) {
  const faults = []
  if (unreleased > 0) faults.push(`${unreleased} admitted, but never released`)
  if (!Object.values(seen).some(({ full }) => full > 0)) faults.push('no limit was ever full')
  if (after.heap - before.heap > HEAP_BOUND) faults.push(`the heap grew by ${after.heap - before.heap} bytes`)
  for (const what of ['handles', 'listeners']) {
    if (String(before[what]) !== String(after[what]))
      faults.push(`${what}: ${before[what]} became ${after[what]}`)
  }
  return faults
}
