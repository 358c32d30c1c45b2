import { setTimeout as passed } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createClient } from 'redis'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import type { SendCommand } from '@api-terms/redis'
import { startRedis } from '../../../test/redis-server.js'
import { gateOver, SLACK_MS, TIMEOUT_MS } from './outage-setting.js'
import { freshPrefix } from './store-setting.js'

/** `OUTAGES=1000` for the long form. */
const OUTAGES = Number(process.env['OUTAGES'] ?? 100)
const GATES = 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A way to Redis that refuses at times, and at others keeps what it is told until it is open again. */
class Way {
  state: 'open' | 'refuses' | 'keeps' = 'open'
  readonly #kept: (() => void)[] = []

  constructor(private readonly through: (args: string[]) => Promise<unknown>) {}

  readonly send: SendCommand = (args) => {
    if (this.state === 'refuses') return Promise.reject(new Error('refused'))
    if (this.state === 'open') return this.through(args)
    return new Promise((resolve, reject) => {
      this.#kept.push(() => void this.through(args).then(resolve, reject))
    })
  }

  open(): void {
    this.state = 'open'
    for (const go of this.#kept.splice(0)) go()
  }
}

function held(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

test(`${OUTAGES} outages leave nothing behind`, { timeout: 60_000 + 200 * OUTAGES }, async (context) => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const client = createClient({ url: server.url })
  await client.connect()
  onTestFinished(() => client.destroy())
  const unheard: unknown[] = []
  const onUnheard = (cause: unknown) => unheard.push(cause)
  process.on('unhandledRejection', onUnheard)
  onTestFinished(() => void process.off('unhandledRejection', onUnheard))
  const through = (args: string[]) => client.sendCommand(args)
  const run = (outages: number) =>
    Promise.all(Array.from({ length: GATES }, () => outagesOf(context, new Way(through), outages)))

  await run(1)
  collectGarbage()
  const [before, heapBefore, listenersBefore] = [held(), process.memoryUsage().heapUsed, listenersOf(client)]
  const slowest = await run(Math.ceil(OUTAGES / GATES))
  await passed(TIMEOUT_MS)
  collectGarbage()
  expect(held()['Timeout'] ?? 0).toBeLessThanOrEqual((before['Timeout'] ?? 0) + 1)
  expect(held()['TCPSocketWrap']).toBe(before['TCPSocketWrap'])
  expect(listenersOf(client)).toBe(listenersBefore)
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(8_000_000)
  expect(Math.max(...slowest)).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  expect(unheard).toEqual([])
  expect((await client.keys('*')).filter((key) => key.includes('{telephony|'))).toEqual([])
})

function listenersOf(client: {
  eventNames(): (string | symbol)[]
  listenerCount(name: string): number
}): number {
  return client.eventNames().reduce((sum, name) => sum + client.listenerCount(name as string), 0)
}

/** Answers how long its slowest request has waited. */
async function outagesOf(context: TestContext, way: Way, count: number): Promise<number> {
  const at = gateOver(context, way.send, freshPrefix(), { read: 100 })
  for (let i = 0; i < count; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await oneOutage(at, way, i % 2 === 0 ? 'refuses' : 'keeps')
    if (at.outages.length !== 2) throw new Error(`${at.outages.length} events of one outage`)
    // What a listener keeps, above all the causes, is not the gate's.
    for (const told of [at.outages, at.warnings, at.released]) told.length = 0
  }
  const { slowest } = at
  await at.gate.close()
  return slowest
}

async function oneOutage(
  at: ReturnType<typeof gateOver>,
  way: Way,
  state: 'refuses' | 'keeps',
): Promise<void> {
  // Not `expect.poll`, which keeps what it has seen until the test ends.
  const until = async (told: 'began' | 'ended') => {
    // oxlint-disable-next-line no-await-in-loop -- looks again and again
    while (at.outages.at(-1)?.state !== told) await passed(20)
  }
  const earlier = await at.fill(2)
  way.state = state
  const first = await Promise.all([at.get(), at.get()])
  await until('began')
  const meanwhile = await at.fill(3)
  earlier[0]!.release()
  meanwhile[0]!.release()
  way.open()
  await until('ended')
  const { length: open } = await at.gate.connections()
  if (open !== 5) throw new Error(`${open} are open instead of 5`)
  for (const admission of [earlier[1], meanwhile[1], meanwhile[2], ...first]) admission?.release()
}
