import { expect, test } from 'vitest'
import {
  memoryConnections,
  StoreError,
  type ConnectionStore,
  type Voice,
  type VoiceListener,
} from '../src/index.js'
import { admitted, asking, gateWith, outcomeOf } from './gate-setting.js'

type Message = Parameters<Voice['tell']>[0]

/** A store of one process, with other processes that may be out of reach. */
function storeWithOthers() {
  const others = { away: true, told: [] as Message[], listener: undefined as VoiceListener | undefined }
  const say = (message: Message) => {
    if (others.away) return Promise.reject(new StoreError('away'))
    others.told.push(message)
    return Promise.resolve()
  }
  const voice: Voice = {
    tell: say,
    ask: (message) => say(message).then(() => ({ answers: [], silent: [] })),
    setLimits: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const inner = memoryConnections()
  const store: ConnectionStore = {
    acquire: (ask) => inner.acquire(ask),
    release: (lease) => inner.release(lease),
    setLimit: (counter, limit) => inner.setLimit(counter, limit),
    close: () => inner.close(),
    voice(_api, _process, listener) {
      others.listener = listener
      return voice
    },
  }
  return { store, others }
}

const ends = (told: readonly Message[]) => told.filter(({ say }) => say === 'end')

test('connections that were ended while the other processes were out of reach are ended there too', async () => {
  const { store, others } = storeWithOthers()
  const { gate, clock } = gateWith({ connections: { store } })
  for (const account of ['acme', 'globex']) await gate.end({ account }, 'maintenance')
  others.away = false
  clock.advance(500)
  await expect
    .poll(() => ends(others.told))
    .toEqual([
      { say: 'end', filter: { account: 'acme' }, why: 'maintenance' },
      { say: 'end', filter: { account: 'globex' }, why: 'maintenance' },
    ])
})

test('where more are ended meanwhile than are kept apart, all that were open then are ended: nobody who was to be ended goes on', async () => {
  const { store, others } = storeWithOthers()
  const { gate, keys, clock } = gateWith({ connections: { store } })
  await admitted(gate, asking(keys.crm))
  for (let at = 0; at <= 1000; at++) await gate.end({ id: `another-${at}` }, 'maintenance')
  others.away = false
  clock.advance(500)
  await expect.poll(() => ends(others.told)).toEqual([{ say: 'end', filter: {}, why: 'end-missed' }])
  expect(await gate.connections()).toHaveLength(1)
})

const misuse = { ids: { paths: ['/v1/extensions/:id'], most: 2, refuseMs: 60_000 } }

test('who is refused for a sign of misuse is refused in every process, for what is left of the time', async () => {
  const [one, other] = [storeWithOthers(), storeWithOthers()]
  const accounts = gateWith()
  const here = gateWith({ misuse, connections: { store: one.store } }, accounts)
  const there = gateWith({ misuse, connections: { store: other.store } }, accounts)
  const signs: string[] = []
  for (const { gate } of [here, there]) gate.on('misuse', ({ sign }) => signs.push(sign))
  const ask = ({ gate, keys }: typeof here, id: number) =>
    gate.admit(asking(keys.crm, 'GET', `/v1/extensions/${id}`)).then(outcomeOf)
  one.others.away = false
  for (const id of [1, 2, 3]) await ask(here, id)
  await expect.poll(() => one.others.told).toHaveLength(1)
  expect(await ask(there, 1)).toBe('admitted')
  other.others.listener!.onMessage(one.others.told[0]!, 10_000)
  expect(await ask(there, 1)).toBe('scraping-suspected')
  expect(await there.gate.admit(asking(there.keys.globex, 'GET', '/v1/extensions/1')).then(outcomeOf)).toBe(
    'admitted',
  )
  there.clock.advance(49_999)
  expect(await ask(there, 1)).toBe('scraping-suspected')
  there.clock.advance(1)
  expect(await ask(there, 1)).toBe('admitted')
  expect(signs).toEqual(['many-ids'])
})

test.each([
  ['a gate that refuses nothing for that', { ids: { ...misuse.ids, refuseMs: 0 } }],
  ['a gate that looks for other signs', { atLimit: { most: 1 } }],
  ['a gate with other patterns', { ids: { ...misuse.ids, paths: ['/v1/calls/:id'] } }],
])('%s takes no other for it', async (_, own) => {
  const { store, others } = storeWithOthers()
  const { gate, keys } = gateWith({ misuse: own, connections: { store } })
  const ban = {
    say: 'ban',
    sign: 'many-ids',
    of: '/v1/extensions/:id',
    subject: 'acme',
    forMs: 60_000,
  } as const
  for (const message of [ban, { ...ban, forMs: 'long' }, { ...ban, sign: 'constructor' }, { say: 'ban' }])
    expect(others.listener!.onMessage(message as never, 0)).toEqual([])
  expect(await gate.admit(asking(keys.crm, 'GET', '/v1/extensions/1')).then(outcomeOf)).toBe('admitted')
})

test('a gate that observes has nobody refused elsewhere', async () => {
  const { store, others } = storeWithOthers()
  others.away = false
  const { gate, keys } = gateWith({ misuse, mode: 'observe', connections: { store } })
  for (const id of [1, 2, 3, 4]) await gate.admit(asking(keys.crm, 'GET', `/v1/extensions/${id}`))
  await new Promise((resolve) => setImmediate(resolve))
  expect(others.told).toEqual([])
})

test('what is told late of another process does not shorten what is refused here', async () => {
  const { store, others } = storeWithOthers()
  const { gate, keys, clock } = gateWith({ misuse, connections: { store } })
  const ask = () => gate.admit(asking(keys.crm, 'GET', '/v1/extensions/1')).then(outcomeOf)
  for (const id of [1, 2, 3]) await gate.admit(asking(keys.crm, 'GET', `/v1/extensions/${id}`))
  const ban = {
    say: 'ban',
    sign: 'many-ids',
    of: '/v1/extensions/:id',
    subject: 'acme',
    forMs: 60_000,
  } as const
  others.listener!.onMessage(ban, 59_000)
  clock.advance(59_999)
  expect(await ask()).toBe('scraping-suspected')
  clock.advance(1)
  expect(await ask()).toBe('admitted')
})
