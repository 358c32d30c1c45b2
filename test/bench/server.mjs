// A child process: one server of one side, which tells its parent what it has used. node server.mjs <side> <accounts> [<URL of the Redis to count in>]
import { redisConnections } from '@api-terms/redis'
import { createClient } from 'redis'
import { createSide } from './sides.mjs'
import { createGuard } from './terms.mjs'

const [name, accounts, redisUrl] = process.argv.slice(2)
const store = redisUrl && redisConnections({ client: await createClient({ url: redisUrl }).connect() })
const overTime = name.endsWith('/everything')
const { gate, ...keys } = await createGuard(Number(accounts), { store: store || undefined, overTime })
const server = createSide(name, { gate, keys: keys.keys })

const ANSWERS = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  /** What is left on the heap after it has been cleaned; needs `--expose-gc`. */
  heapBytes: async () => {
    for (let pass = 0; pass < 4; pass++) {
      await new Promise((resolve) => setImmediate(resolve))
      globalThis.gc()
    }
    return process.memoryUsage().heapUsed
  },
  open: () =>
    new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    ),
  /** Without the one that stays taken. */
  held: async () => (await gate.connections()).length - 1,
}

process.on('message', ({ id, question }) => {
  void Promise.resolve(ANSWERS[question]()).then((answer) => process.send({ id, answer }))
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send({ ready: { port: server.address().port, ...keys } }))
