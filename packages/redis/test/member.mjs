// One process of several that count together: it asks, holds and gives back as its parent says. Runs what was built.
import { setTimeout as passed } from 'node:timers/promises'
import { redisConnections } from '@api-terms/redis'
import { createClient } from 'redis'

const { url, ...options } = JSON.parse(process.argv[2])
const client = createClient({ url })
// Another database and another way of counting: what the store thinks does not matter here.
const observer = createClient({ url, database: 1 })
for (const each of [client, observer]) await each.on('error', () => {}).connect()
const store = redisConnections({ client, ...options })

const held = new Map()
const lost = []
let serial = 0
store.onLost((lease) => lost.push([...held].find(([, one]) => one === lease)?.[0]))

const answers = {
  /** A number for what was granted. */
  async take(ask) {
    const { lease } = await store.acquire(ask).answer
    if (!lease) return undefined
    held.set(++serial, lease)
    return serial
  },
  release: (number) => store.release(held.get(number)),
  lost: () => lost,
  close: () => store.close(),
  load,
}

/** Asks, gives up, holds and gives back at random, as many at once as told, and until it was granted as often. */
async function load({ asks, tasks, forMs, atLeast }) {
  const seen = {}
  let granted = 0
  const until = performance.now() + forMs
  const task = async () => {
    while (performance.now() < until || granted < atLeast) {
      const ask = asks[Math.floor(Math.random() * asks.length)]
      const place = store.acquire({ ...ask, waitMs: Math.random() < 0.5 ? 0 : 50 })
      if (Math.random() < 0.2) setTimeout(() => place.leave(), Math.random() * 5)
      const { lease } = await place.answer
      if (!lease) {
        await passed(Math.random() * 4)
        continue
      }
      granted++
      const inside = await observer.incr(ask.account)
      seen[ask.account] = Math.max(seen[ask.account] ?? 0, inside)
      await passed(Math.random() * 10)
      await observer.decr(ask.account)
      store.release(lease)
      if (Math.random() < 0.1) store.release(lease)
    }
  }
  await Promise.all(Array.from({ length: tasks }, task))
  return { seen, granted }
}

process.on('message', ({ id, question, ask }) => {
  if (id === undefined) return
  const answered = (answer) => process.send?.({ id, answer })
  Promise.resolve(answers[question](ask)).then(answered, (error) =>
    process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
