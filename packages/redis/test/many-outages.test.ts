import { setTimeout as passed } from 'node:timers/promises'
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createClient } from 'redis'
import { expect, onTestFinished, test } from 'vitest'
import type { SendCommand } from '@api-terms/redis'
import { startRedis } from '../../../test/redis-server.js'
import { gateOver, SLACK_MS, TIMEOUT_MS, type GateSetting } from './outage-setting.js'
import { freshPrefix } from './store-setting.js'

/** `OUTAGES=1000` for the long form, which also prints what it has counted. */
const LONG = process.env['OUTAGES']
const OUTAGES = Number(LONG ?? 48)
const GATES = LONG ? 25 : 12
/** What a heap of some 30 MB goes up and down by without growing. */
const HEAP_NOISE = 1_500_000
/** A look of some voice may be under way as things are counted; an outage that left one thing behind would leave more than these. */
const FEW = 10

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

/** What would grow if an outage left anything behind. */
function held() {
  for (let i = 0; i < 3; i++) collectGarbage()
  const resources = process.getActiveResourcesInfo()
  return {
    promises: queryObjects(Promise, COUNTED),
    errors: queryObjects(Error, COUNTED),
    maps: queryObjects(Map, COUNTED),
    sets: queryObjects(Set, COUNTED),
    timers: resources.filter((name) => name === 'Timeout').length,
    sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
    heap: process.memoryUsage().heapUsed,
  }
}
const COUNTED = { format: 'count' } as const

test(`${OUTAGES} outages leave nothing behind`, { timeout: 60_000 + 400 * OUTAGES }, async (context) => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const client = createClient({ url: server.url })
  await client.connect()
  onTestFinished(() => client.destroy())
  const unheard: unknown[] = []
  const onUnheard = (cause: unknown) => unheard.push(cause)
  process.on('unhandledRejection', onUnheard)
  onTestFinished(() => void process.off('unhandledRejection', onUnheard))
  const gates = Array.from({ length: GATES }, () => {
    const way = new Way((args) => client.sendCommand(args))
    return { way, at: gateOver(context, way.send, freshPrefix(), { read: 100 }) }
  })
  const run = async (rounds: number) => {
    await Promise.all(gates.map(({ at, way }) => outagesOf(at, way, rounds)))
    // What nobody waits for any more has been answered or given up by then.
    await passed(2 * TIMEOUT_MS)
    const now = { ...held(), listeners: listenersOf(client) }
    const slowest = Math.max(...gates.map(({ at }) => at.slowest))
    if (LONG) console.log({ ...now, slowest, unheard: unheard.length })
    return now
  }

  // The first ones warm everything up, the last cause of each kind of warning included, which is kept until its minute is over: what is compared is
  // the second half with the first.
  await run(6)
  const rounds = Math.ceil(OUTAGES / GATES / 2)
  const { heap: heapBefore, ...before } = await run(rounds)
  const { heap, ...after } = await run(rounds)
  const grown = Object.entries(after).filter(
    ([name, count]) => count > before[name as keyof typeof before] + FEW,
  )
  expect(grown).toEqual([])
  expect(heap - heapBefore).toBeLessThan(HEAP_NOISE)
  for (const { at } of gates) expect(at.slowest).toBeLessThan(TIMEOUT_MS + SLACK_MS)
  expect(unheard).toEqual([])
  await Promise.all(gates.map(({ at }) => at.gate.close()))
  expect((await client.keys('*')).filter((key) => key.includes('{telephony|'))).toEqual([])
})

function listenersOf(client: {
  eventNames(): (string | symbol)[]
  listenerCount(name: string): number
}): number {
  return client.eventNames().reduce((sum, name) => sum + client.listenerCount(name as string), 0)
}

async function outagesOf(at: GateSetting, way: Way, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await oneOutage(at, way, i % 2 === 0 ? 'refuses' : 'keeps')
    if (at.outages.length !== 2) throw new Error(`${at.outages.length} events of one outage`)
    // What a listener keeps, above all the causes, is not the gate's.
    for (const told of [at.outages, at.warnings, at.released]) told.length = 0
  }
}

async function oneOutage(at: GateSetting, way: Way, state: 'refuses' | 'keeps'): Promise<void> {
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
