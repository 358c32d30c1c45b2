import { describe, expect, test } from 'vitest'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, outcomeOf, TestCarrier } from './gate-setting.js'

const DAY_MS = 86_400_000

/** A gate with one slot, held and carried. */
async function held(connections: object = {}) {
  const set = gateWith({ limits: { read: 1 }, connections })
  const admission = await admitted(set.gate, asking(set.keys.crm))
  const carrier = new TestCarrier()
  admission.carriedBy(carrier)
  const releases = () => set.told.flatMap((event) => (event.name === 'released' ? [event.why] : []))
  const isFree = async () => (await set.gate.connections()).length === 0
  return { ...set, admission, carrier, releases, isFree }
}

describe('maxHoldMs', () => {
  test('bounds how long a connection is open, to the millisecond, and cuts off what carries it', async () => {
    const { clock, carrier, releases, isFree } = await held({ maxHoldMs: 5000 })
    clock.advance(4999)
    expect(await isFree()).toBe(false)
    clock.advance(1)
    expect([carrier.ends, releases(), await isFree()]).toEqual([['max-hold'], ['max-hold'], true])
  })

  test('is a day where nothing is said', async () => {
    const { clock, isFree } = await held()
    clock.advance(DAY_MS - 1)
    expect(await isFree()).toBe(false)
    clock.advance(1)
    expect(await isFree()).toBe(true)
  })

  test('bounds each connection from its own start', async () => {
    const { gate, keys, clock, releases } = await held({ maxHoldMs: 5000 })
    clock.advance(3000)
    await admitted(gate, asking(keys.globex))
    clock.advance(2000)
    expect((await gate.connections()).map(({ client }) => client)).toEqual(['globex-app'])
    clock.advance(3000)
    expect(releases()).toEqual(['max-hold', 'max-hold'])
  })

  test('does not keep time while nothing is open', async () => {
    const { clock, admission } = await held({ maxHoldMs: 5000 })
    admission.release()
    clock.advance(5000)
    expect(clock.timers).toBe(0)
  })

  test('may be beyond what a timer of Node can count, and Infinity', async () => {
    const { clock, isFree } = await held({ maxHoldMs: 40 * DAY_MS, stallMs: Infinity })
    clock.advance(40 * DAY_MS - 1)
    expect(await isFree()).toBe(false)
    clock.advance(1)
    expect(await isFree()).toBe(true)
    const endless = await held({ maxHoldMs: Infinity, stallMs: Infinity })
    endless.clock.advance(400 * DAY_MS)
    expect(await endless.isFree()).toBe(false)
  })

  test('lets in who waits as it ends a connection', async () => {
    const { gate, keys, clock } = await held({ maxHoldMs: 500, waitMs: 1000 })
    const waiter = gate.admit(asking(keys.crm))
    await settled()
    clock.advance(500)
    expect(outcomeOf(await waiter)).toBe('admitted')
  })
})

describe('stallMs', () => {
  test('ends a connection whose peer takes nothing of what waits for it, at most a quarter late', async () => {
    const { clock, carrier, releases } = await held({ stallMs: 1000 })
    carrier.taken = 7
    clock.advance(999)
    expect(carrier.ends).toEqual([])
    clock.advance(251)
    expect([carrier.ends, releases()]).toEqual([['stalled'], ['stalled']])
  })

  test('lets a slow reader be, as long as it takes something', async () => {
    const { clock, carrier } = await held({ stallMs: 1000 })
    for (let taken = 0; taken < 20; taken++) {
      carrier.taken = taken
      clock.advance(700)
    }
    expect(carrier.ends).toEqual([])
  })

  test('lets a stream be that has nothing to say', async () => {
    const { clock, carrier } = await held({ stallMs: 1000 })
    carrier.taken = 7
    clock.advance(800)
    carrier.taken = undefined
    clock.advance(100_000)
    carrier.taken = 7
    clock.advance(800)
    expect(carrier.ends).toEqual([])
  })

  test('of Infinity lets everybody be', async () => {
    const { clock, carrier } = await held({ stallMs: Infinity })
    carrier.taken = 7
    clock.advance(DAY_MS - 1)
    expect(carrier.ends).toEqual([])
  })
})

describe('holdUntil', () => {
  /** Work that a test ends by hand. */
  const work = () => {
    const hands = { finish: () => {}, fail: () => {} }
    const promise = new Promise<void>((resolve, reject) => {
      hands.finish = () => resolve()
      hands.fail = () => reject(new Error('work'))
    })
    return { promise, ...hands }
  }

  test('keeps the slot until the response is over and all work has settled', async () => {
    const { admission, isFree, releases } = await held()
    const [one, other] = [work(), work()]
    admission.connection.holdUntil(one.promise)
    admission.connection.holdUntil(other.promise)
    admission.release()
    one.finish()
    await settled()
    expect(await isFree()).toBe(false)
    other.finish()
    await settled()
    expect(await isFree()).toBe(true)
    expect(releases()).toEqual([undefined])
  })

  test('gives the slot back only as the response is over, where the work was done before', async () => {
    const { admission, isFree } = await held()
    admission.connection.holdUntil(Promise.resolve())
    await settled()
    expect(await isFree()).toBe(false)
    admission.release()
    expect(await isFree()).toBe(true)
  })

  test('takes work that fails for work that is done, and lets no rejection go unheard', async () => {
    const { admission, isFree } = await held()
    const one = work()
    admission.connection.holdUntil(one.promise)
    admission.release()
    one.fail()
    await settled()
    expect(await isFree()).toBe(true)
  })

  test('of work that never settles is bounded by maxHoldMs', async () => {
    const { admission, clock, isFree, releases } = await held({ maxHoldMs: 5000 })
    const one = work()
    admission.connection.holdUntil(one.promise)
    admission.release()
    clock.advance(5000)
    expect([await isFree(), releases()]).toEqual([true, ['max-hold']])
    one.finish()
    await settled()
    expect(releases()).toEqual(['max-hold'])
  })

  test('after the slot has been given back changes nothing', async () => {
    const { gate, keys, admission, isFree, releases } = await held()
    admission.release()
    const one = work()
    admission.connection.holdUntil(one.promise)
    expect(await isFree()).toBe(true)
    const next = await admitted(gate, asking(keys.crm))
    one.finish()
    await settled()
    expect(releases()).toEqual([undefined])
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('connections-exhausted')
    next.release()
  })

  test('takes more work while other work still keeps the slot', async () => {
    const { admission, isFree } = await held()
    const [one, other] = [work(), work()]
    admission.connection.holdUntil(one.promise)
    admission.release()
    admission.connection.holdUntil(other.promise)
    one.finish()
    await settled()
    expect(await isFree()).toBe(false)
    other.finish()
    await settled()
    expect(await isFree()).toBe(true)
  })

  test('does not keep a connection that is ended', async () => {
    const { gate, admission, carrier, isFree, releases } = await held()
    const one = work()
    admission.connection.holdUntil(one.promise)
    await gate.end({}, 'over')
    expect([await isFree(), carrier.ends, releases()]).toEqual([true, ['over'], ['over']])
    one.finish()
    admission.release()
    await settled()
    expect(releases()).toEqual(['over'])
  })

  test('takes what is no promise for work that is done', async () => {
    const { admission, isFree } = await held()
    admission.connection.holdUntil(undefined as never)
    admission.release()
    await settled()
    expect(await isFree()).toBe(true)
  })
})
