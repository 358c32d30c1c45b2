// pnpm suspension [--runs 100] [--redis url] [--bound 1000]: how long it takes from the call of `suspend` in one of four processes that share Redis until the
// last byte to a caller of the account, with streams, WebSockets, waiting requests and load in all of them.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Child } from '../child.mjs'
import { suspensionRun } from './run.mjs'

const PROCESSES = 4
const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    redis: { type: 'string' },
    bound: { type: 'string', default: '1000' },
  },
})
const redis = values.redis ? { url: values.redis, async stop() {} } : await startRedis()
const prefix = `suspension-${randomBytes(6).toString('hex')}:`
const processes = await Promise.all(
  Array.from({ length: PROCESSES }, async () => {
    const child = new Child(SERVER, [redis.url, prefix])
    return { child, ...(await child.ready()) }
  }),
)
const other = await processes[0].child.ask('register', 'globex')

// What no process has done before takes longer: that is not what is measured.
await suspensionRun(processes, 'warm', other, Number(values.bound))
const runs = []
for (let at = 0; at < Number(values.runs); at++) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  runs.push(await suspensionRun(processes, at, other, Number(values.bound)))
}
for (const [at, { faults }] of runs.entries()) for (const fault of faults) console.log(`run ${at}: ${fault}`)
print()
const faults = runs.flatMap((run) => run.faults)
const printed = processes.map(({ child }) => child.printed).join('')
if (printed) console.log(printed)
await Promise.all(processes.map(({ child }) => child.stop()))
await redis.stop()
process.exitCode = faults.length > 0 || printed ? 1 : 0

function print() {
  const requests = runs.reduce((sum, run) => sum + run.requests, 0)
  console.log(
    `${runs.length} runs, ${PROCESSES} processes, ${requests} requests, ${runs.flatMap((run) => run.faults).length} faults`,
  )
  console.log('ms from the call until       median   maximum')
  const row = (title, list) => {
    const sorted = list.toSorted((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]
    console.log(
      [title.padEnd(26), ...[median, sorted.at(-1)].map((ms) => ms.toFixed(1).padStart(9))].join(' '),
    )
  }
  row(
    'the operation is confirmed',
    runs.map((run) => run.resolvedMs),
  )
  const TITLES = {
    admitted: 'the last is admitted',
    served: 'the last answer is served',
    stream: 'the last stream ends',
    websocket: 'the last WebSocket closes',
    held: 'the held write ends',
    waiting: 'the last in line is told',
  }
  for (const [name, title] of Object.entries(TITLES))
    row(
      title,
      runs.map(({ times }) => times[name]),
    )
  row(
    'the last byte of all',
    runs.map(({ times }) => Math.max(...Object.values(times))),
  )
  row(
    'so late were its timers',
    runs.map(({ lateMs }) => lateMs),
  )
}

async function startRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'api-terms-redis-'))
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address()
  await new Promise((closed) => free.close(closed))
  const settings = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const child = spawn('redis-server', settings.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  for await (const text of child.stdout) if (String(text).includes('Ready to accept')) break
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      await rm(folder, { recursive: true })
    },
  }
}
