import { expect, test } from 'vitest'
import { memoryConnections, StoreError, type ConnectionStore, type Voice } from '../src/index.js'
import { admitted, asking, gateWith } from './gate-setting.js'

type Message = Parameters<Voice['tell']>[0]

/** A store of one process, with other processes that may be out of reach. */
function storeWithOthers() {
  const others = { away: true, told: [] as Message[] }
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
    voice: () => voice,
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
