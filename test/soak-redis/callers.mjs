// Clients of the API, over real sockets, some of which hang up at any moment.
import { setTimeout as passed } from 'node:timers/promises'
import { Agent, request } from 'undici'

/** More than its limit for each of them. */
const DEMAND = { one: 1, three: 2, ten: 5 }
const LONGEST_WORK_MS = 40
/** Who is refused comes again after a moment. */
const LONGEST_PAUSE_MS = 60
const SILENCE_MS = 30_000

/** Asks for as long as `goesOn` says. Resolves with what was answered. */
export async function crowd({ fleet, concurrency, random, goesOn }) {
  const dispatcher = new Agent({ connections: 64, headersTimeout: SILENCE_MS, bodyTimeout: SILENCE_MS })
  const tally = { sent: 0, aborted: 0, statuses: {} }
  const callers = Array.from({ length: concurrency }, () => random.branch())
  const asking = Promise.all(
    callers.map(async (own) => {
      while (goesOn(tally)) await one(fleet, own, dispatcher, tally)
    }),
  )
  return { tally, done: asking.then(() => dispatcher.destroy()) }
}

async function one(fleet, random, dispatcher, tally) {
  const { port } = random.of(fleet.members)
  const key = random.of(fleet.keys[random.weighted(DEMAND)])
  const abort = new AbortController()
  const timer = random.chance(0.15) && setTimeout(() => abort.abort(), random.next() * LONGEST_WORK_MS)
  tally.sent++
  try {
    const ms = random.whole(1, LONGEST_WORK_MS)
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/v1/work?ms=${ms}`, {
      dispatcher,
      headers: { authorization: `Bearer ${key}` },
      signal: abort.signal,
    })
    await body.dump()
    tally.statuses[statusCode] = (tally.statuses[statusCode] ?? 0) + 1
    if (statusCode !== 200) await passed(random.next() * LONGEST_PAUSE_MS)
  } catch {
    // It hung up, or the process has died under it.
    tally.aborted++
  } finally {
    clearTimeout(timer)
  }
}
