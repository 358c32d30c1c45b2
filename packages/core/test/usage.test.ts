import { describe, expect, test } from 'vitest'
import {
  createUsage,
  memoryUsage,
  OptionsError,
  type Clock,
  type Traffic,
  type UsageBatch,
  type UsageStore,
} from '@api-terms/core'
import { settled, TestClock } from '../../../test/clock.js'
import { admitted, asking, gateWith, TestCarrier, type Told } from './gate-setting.js'

const DAY_MS = 86_400_000

/** The clock of these tests begins at midnight. */
const FIRST = '2026-01-01'
const SECOND = '2026-01-02'

class CountingCarrier extends TestCarrier {
  bytes: Traffic = { bytesIn: 0, bytesOut: 0 }

  traffic(): Traffic {
    return this.bytes
  }
}

function counted(options: { store?: UsageStore; flushMs?: number } = {}) {
  const setting = gateWith({ limits: { read: 3, write: 1 } })
  const usage = createUsage({ clock: setting.clock, ...options })
  usage.follow(setting.gate)
  return { ...setting, usage }
}

/** As where the process is too busy for timers: what is due is noticed by who comes. */
function withoutTimers(clock: Clock): Clock {
  const { now, elapsed } = clock
  return { now: now.bind(clock), elapsed: elapsed!.bind(clock), setTimeout: () => 0, clearTimeout() {} }
}

describe('usage', () => {
  test('tells by account, class and day how many connections, how long, how many bytes, how many at once', async () => {
    const { gate, keys, clock, usage } = counted()
    const carrier = new CountingCarrier()
    const one = await admitted(gate, asking(keys.crm))
    one.carriedBy(carrier)
    const two = await admitted(gate, asking(keys.wallboard))
    const write = await admitted(gate, asking(keys.crm, 'POST'))
    clock.advance(2000)
    carrier.bytes = { bytesIn: 120, bytesOut: 3000 }
    one.release()
    clock.advance(500)
    two.release()
    write.release()
    const common = { api: 'telephony', account: 'acme', day: FIRST, refusals: {} }
    expect(await usage.of({ account: 'acme' })).toEqual([
      { ...common, class: 'read', connections: 2, heldMs: 4500, bytesIn: 120, bytesOut: 3000, peak: 2 },
      { ...common, class: 'write', connections: 1, heldMs: 2500, bytesIn: 0, bytesOut: 0, peak: 1 },
    ])
    expect(await usage.of({ account: 'globex' })).toEqual([])
  })

  test('tells refusals by reason, those where no account was known under none', async () => {
    const { gate, keys, usage } = counted()
    await admitted(gate, asking(keys.crm, 'POST'))
    for (let n = 0; n < 5; n++) await gate.admit(asking(keys.crm, 'POST'))
    for (let n = 0; n < 3; n++) await gate.admit(asking(undefined))
    const rows = await usage.of()
    expect(rows.map(({ account, class: name, refusals }) => [account, name, refusals])).toEqual([
      ['', '', { 'credentials-missing': 3 }],
      ['acme', 'write', { 'connections-exhausted': 5 }],
    ])
  })

  test('of refusals names the class where a limit was known for it: any other is of the caller’s making', async () => {
    const { gate, keys, clock } = gateWith({
      limits: { read: 0 },
      connections: { classify: ({ path }) => path.slice(4) },
    })
    const usage = createUsage({ clock })
    usage.follow(gate)
    for (let n = 0; n < 500; n++) await gate.admit(asking(keys.crm, 'GET', `/v1/class-${n}`))
    for (let n = 0; n < 5; n++) await gate.admit(asking(keys.crm, 'GET', '/v1/read'))
    const rows = await usage.of()
    expect(rows.map(({ account, class: name, refusals }) => [account, name, refusals])).toEqual([
      ['acme', '', { 'limits-unavailable': 500 }],
      ['acme', 'read', { 'connections-exhausted': 5 }],
    ])
  })

  test('of a connection that is open over midnight is told on both days, each with its part', async () => {
    const { gate, keys, clock, usage } = counted()
    clock.advance(DAY_MS - 60_000)
    const carrier = new CountingCarrier()
    const stream = await admitted(gate, asking(keys.crm))
    stream.carriedBy(carrier)
    const other = await admitted(gate, asking(keys.crm))
    other.release()
    carrier.bytes = { bytesIn: 100, bytesOut: 700 }
    clock.advance(60_000 + 30_000)
    carrier.bytes = { bytesIn: 100, bytesOut: 1000 }
    stream.release()
    const rows = await usage.of({ account: 'acme', from: FIRST, to: SECOND })
    const common = { api: 'telephony', account: 'acme', class: 'read', refusals: {} }
    expect(rows).toEqual([
      { ...common, day: FIRST, connections: 2, heldMs: 60_000, bytesIn: 100, bytesOut: 700, peak: 2 },
      { ...common, day: SECOND, connections: 0, heldMs: 30_000, bytesIn: 0, bytesOut: 300, peak: 1 },
    ])
  })

  test('of a slot that outlasts its response over midnight is told on both days, however late the timers are', async () => {
    const { gate, keys, clock } = gateWith({ limits: { read: 3, write: 1 } })
    const usage = createUsage({ clock: withoutTimers(clock) })
    usage.follow(gate)
    clock.advance(DAY_MS - 60_000)
    const admission = await admitted(gate, asking(keys.crm))
    let done!: () => void
    admission.connection.holdUntil(new Promise<void>((resolve) => (done = resolve)))
    admission.release()
    clock.advance(60_000 + 30_000)
    done()
    await settled()
    const rows = await usage.of({ account: 'acme', from: FIRST, to: SECOND })
    expect(rows).toMatchObject([
      { day: FIRST, connections: 1, heldMs: 60_000 },
      { day: SECOND, connections: 0, heldMs: 30_000 },
    ])
  })

  test('is of the day of the request, however late the timers are', async () => {
    const { gate, keys, clock } = gateWith({ limits: { read: 3, write: 1 } })
    const usage = createUsage({ clock: withoutTimers(clock) })
    usage.follow(gate)
    clock.advance(DAY_MS - 1)
    const first = await admitted(gate, asking(keys.crm))
    first.release()
    clock.advance(1)
    const second = await admitted(gate, asking(keys.crm))
    second.release()
    const rows = await usage.of({ account: 'acme', from: FIRST, to: SECOND })
    expect(rows).toMatchObject([
      { day: FIRST, connections: 1 },
      { day: SECOND, connections: 1 },
    ])
  })

  test('of a refusal is of its day, however late the timers are', async () => {
    const { gate, clock } = gateWith({ limits: { read: 3, write: 1 } })
    const usage = createUsage({ clock: withoutTimers(clock) })
    usage.follow(gate)
    clock.advance(DAY_MS)
    await gate.admit(asking(undefined))
    const rows = await usage.of({ from: FIRST, to: SECOND })
    expect(rows).toMatchObject([{ day: SECOND, refusals: { 'credentials-missing': 1 } }])
  })

  test('is of the day that the machine’s clock is set to, from the next batch on', async () => {
    const { gate, keys, clock, usage } = counted({ flushMs: 1000 })
    clock.setNow(clock.now() + DAY_MS)
    clock.advance(1000)
    const admission = await admitted(gate, asking(keys.crm))
    admission.release()
    expect(await usage.of({ from: FIRST, to: SECOND })).toMatchObject([{ day: SECOND, connections: 1 }])
  })

  test('of a connection that is still open is told up to now, and never twice', async () => {
    const { gate, keys, clock, usage } = counted()
    const carrier = new CountingCarrier()
    const stream = await admitted(gate, asking(keys.crm))
    stream.carriedBy(carrier)
    for (let n = 1; n <= 3; n++) {
      clock.advance(1000)
      carrier.bytes = { bytesIn: 50, bytesOut: n * 10 }
      expect(await usage.of()).toMatchObject([
        { heldMs: n * 1000, bytesIn: 50, bytesOut: n * 10, connections: 1 },
      ])
    }
    stream.release()
    expect(await usage.of()).toMatchObject([{ heldMs: 3000, bytesOut: 30, connections: 1, peak: 1 }])
  })

  test('of a slot that is held longer than its response has its bytes and all of its time', async () => {
    const { gate, keys, clock, usage } = counted()
    const carrier = new CountingCarrier()
    const admission = await admitted(gate, asking(keys.crm))
    admission.carriedBy(carrier)
    let done!: () => void
    admission.connection.holdUntil(new Promise<void>((resolve) => (done = resolve)))
    carrier.bytes = { bytesIn: 7, bytesOut: 9 }
    clock.advance(100)
    admission.release()
    await usage.flush()
    clock.advance(400)
    done()
    await settled()
    expect(await usage.of()).toMatchObject([{ heldMs: 500, bytesIn: 7, bytesOut: 9 }])
  })

  test('of connections that the gate cut off has their bytes and their time', async () => {
    const { gate, keys, clock, usage } = counted()
    const carrier = new CountingCarrier()
    const admission = await admitted(gate, asking(keys.crm))
    admission.carriedBy(carrier)
    carrier.bytes = { bytesIn: 7, bytesOut: 9 }
    clock.advance(100)
    await gate.end({}, 'maintenance')
    admission.release()
    expect(await usage.of()).toMatchObject([{ heldMs: 100, bytesIn: 7, bytesOut: 9 }])
  })

  test('is put into the store in time, and through a graceful shutdown nothing is lost', async () => {
    const store = memoryUsage()
    const { gate, keys, clock, usage } = counted({ store, flushMs: 5000 })
    const today = { from: FIRST, to: FIRST }
    await admitted(gate, asking(keys.crm))
    clock.advance(4999)
    await settled()
    expect(await store.read(today)).toEqual([])
    clock.advance(1)
    await settled()
    expect(await store.read(today)).toMatchObject([{ connections: 1, heldMs: 5000 }])
    clock.advance(2000)
    await gate.close()
    await usage.close()
    expect(await store.read(today)).toMatchObject([{ connections: 1, heldMs: 7000 }])
    expect(clock.timers).toBe(0)
  })

  test('that a store may not have taken is sent again as it was, and what came meanwhile after it', async () => {
    const batches: UsageBatch[] = []
    let failing = true
    const store: UsageStore = {
      add(batch) {
        batches.push(batch)
        return failing ? Promise.reject(new Error('gone')) : Promise.resolve()
      },
      read: () => Promise.resolve([]),
    }
    const { gate, keys, clock, usage, told } = counted({ store, flushMs: 1000 })
    await admitted(gate, asking(keys.crm))
    await expect(usage.flush()).rejects.toThrow('gone')
    await admitted(gate, asking(keys.crm))
    clock.advance(1000)
    await settled()
    expect(told.filter(({ name }) => name === 'warning')).toMatchObject([{ code: 'usage-failed' }])
    failing = false
    await usage.flush()
    expect(batches.map(({ serial }) => serial)).toEqual([1, 1, 1, 2])
    expect(batches.map(({ rows }) => rows[0]?.connections)).toEqual([1, 1, 1, 1])
  })

  describe('that is closed', () => {
    /** A store that takes nothing until it is told to. */
    function closing(add: (batch: UsageBatch) => Promise<void>) {
      const kept = memoryUsage()
      const store: UsageStore = { add, read: kept.read.bind(kept) }
      return { ...counted({ store, flushMs: 1000 }), kept }
    }
    const GONE = () => Promise.reject(new Error('gone'))
    const lossOf = (told: readonly Told[]) =>
      told.flatMap((event) =>
        event.name === 'warning' && event.code === 'usage-lost' ? [event.message] : [],
      )

    test('is put into a store that failed in just that moment', async () => {
      let failures = 3
      const { kept, gate, keys, clock, usage, told } = closing(async (batch) => {
        if (failures-- > 0) throw new Error('gone')
        await kept.add(batch)
      })
      await admitted(gate, asking(keys.crm))
      const closed = usage.close()
      for (let n = 0; n < 10; n++, clock.advance(250)) await settled()
      await closed
      expect(await kept.read({ from: FIRST, to: FIRST })).toMatchObject([{ connections: 1 }])
      expect(lossOf(told)).toEqual([])
      expect(clock.timers).toBe(1)
    })

    test('keeps the process until then', async () => {
      const timers: NodeJS.Timeout[] = []
      const clock: Clock = {
        now: () => Date.now(),
        setTimeout(callback, ms) {
          timers.push(setTimeout(callback, ms).unref())
          return timers.at(-1)
        },
        clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
      }
      let answer!: () => void
      const store: UsageStore = {
        add: () => new Promise((resolve) => (answer = resolve)),
        read: () => Promise.resolve([]),
      }
      const { gate, keys } = gateWith()
      const usage = createUsage({ store, clock })
      usage.follow(gate)
      await admitted(gate, asking(keys.crm))
      expect(timers.map((timer) => timer.hasRef())).toEqual([false])
      const closed = usage.close()
      expect(timers.map((timer) => timer.hasRef())).toEqual([false, true])
      await settled()
      answer()
      await closed
    })

    test.each([
      ['fails', GONE],
      ['never answers', () => new Promise<void>(() => {})],
    ])('waits 5 seconds for a store that %s, and tells what is lost', async (_, add) => {
      const { gate, keys, clock, usage, told } = closing(add)
      await admitted(gate, asking(keys.crm))
      // Told of before: it is told of all the same.
      clock.advance(1000)
      await settled()
      await admitted(gate, asking(keys.crm, 'POST'))
      await gate.admit(asking(undefined))
      let isClosed = false
      const closed = usage.close().then(() => (isClosed = true))
      expect(usage.close()).toBe(usage.close())
      for (let n = 0; n < 19; n++, clock.advance(250)) await settled()
      await settled()
      expect(isClosed).toBe(false)
      clock.advance(250)
      await closed
      expect(lossOf(told)).toEqual([
        'usage was closed before its store had confirmed 4 rows: 2 connections, 1 refusals',
      ])
    })
  })

  test('is no more counted for a gate that is not followed any more, and what was counted stays', async () => {
    const { gate, keys, usage } = counted()
    const stop = createUsage().follow(gate)
    stop()
    await admitted(gate, asking(keys.crm))
    await usage.close()
    await admitted(gate, asking(keys.crm))
    expect(gate.measuring).toBe(false)
    expect(await usage.of()).toMatchObject([{ connections: 1 }])
  })

  describe('of what is open as its gate begins to be followed', () => {
    function open() {
      const setting = gateWith({ limits: { read: 3, write: 1 } })
      const usage = createUsage({ clock: setting.clock })
      const carrier = new CountingCarrier()
      const admission = admitted(setting.gate, asking(setting.keys.crm))
      const carried = async (bytesIn: number, bytesOut: number, ms: number) => {
        ;(await admission).carriedBy(carrier)
        carrier.bytes = { bytesIn, bytesOut }
        setting.clock.advance(ms)
      }
      return { ...setting, usage, admission, carried }
    }

    test('is what comes from then on, and no new connection', async () => {
      const { gate, usage, admission, carried } = open()
      await carried(100, 1000, 3_600_000)
      usage.follow(gate)
      await carried(150, 1700, 1000)
      expect(await usage.of()).toMatchObject([{ connections: 0, heldMs: 1000, bytesIn: 50, bytesOut: 700 }])
      await carried(151, 1701, 1000)
      ;(await admission).release()
      expect(await usage.of()).toMatchObject([
        { connections: 0, heldMs: 2000, bytesIn: 51, bytesOut: 701, peak: 1 },
      ])
    })

    test('is counted once where it was followed before', async () => {
      const { gate, usage, admission, carried } = open()
      await admission
      const [stop] = [usage.follow(gate)]
      await carried(100, 1000, 1000)
      stop()
      await carried(200, 2000, 10_000)
      usage.follow(gate)
      stop()
      await carried(300, 3000, 1000)
      ;(await admission).release()
      expect(await usage.of()).toMatchObject([{ heldMs: 2000, bytesIn: 200, bytesOut: 2000 }])
    })
  })

  test('is counted once where a gate is followed twice, until that is ended', async () => {
    const { gate, keys, usage } = counted()
    const stop = usage.follow(gate)
    await admitted(gate, asking(keys.crm))
    expect(await usage.of()).toMatchObject([{ connections: 1, peak: 1 }])
    stop()
    await admitted(gate, asking(keys.crm))
    expect(await usage.of()).toMatchObject([{ connections: 1, peak: 1 }])
    expect(gate.measuring).toBe(false)
  })

  test('that is closed keeps nothing of a gate that it is to follow', async () => {
    const { gate, keys, usage, clock } = counted()
    await usage.close()
    const stop = usage.follow(gate)
    await admitted(gate, asking(keys.crm))
    expect(gate.measuring).toBe(false)
    expect(await usage.of()).toEqual([])
    expect(clock.timers).toBe(1)
    stop()
  })

  test('is told by the clock of the gate, whatever that of the usage', async () => {
    const { gate, keys, clock } = gateWith()
    const usage = createUsage({ clock: new TestClock(Date.UTC(2030, 0, 1)) })
    usage.follow(gate)
    clock.advance(5000)
    const admission = await admitted(gate, asking(keys.crm))
    clock.advance(1000)
    admission.release()
    expect(await usage.of({ from: FIRST, to: FIRST })).toMatchObject([{ connections: 1, heldMs: 1000 }])
  })

  test('is kept in memory for as many days as told', async () => {
    const store = memoryUsage({ days: 2 })
    const row = { api: 'a', account: 'b', class: 'read', connections: 1, refusals: {}, heldMs: 0 }
    for (let day = 1; day <= 5; day++) {
      const rows = [{ ...row, day: `2026-03-0${day}`, bytesIn: 0, bytesOut: 0, peak: 0 }]
      await store.add({ process: 'p', serial: day, rows })
    }
    const kept = await store.read({ from: '2026-01-01', to: '2026-12-31' })
    expect(kept.map(({ day }) => day)).toEqual(['2026-03-04', '2026-03-05'])
  })

  test('is not driven out of memory by a day of a clock that was wrong: at most the oldest goes', async () => {
    const store = memoryUsage({ days: 3 })
    const counts = { connections: 1, refusals: {}, heldMs: 0, bytesIn: 0, bytesOut: 0, peak: 0 }
    const days = ['2026-03-02', '2026-03-03', '2026-03-04', '2036-03-04', '1970-01-01', '2026-03-04']
    for (const [serial, day] of days.entries())
      await store.add({
        process: 'p',
        serial,
        rows: [{ api: 'a', account: 'b', class: 'read', day, ...counts }],
      })
    const kept = await store.read({ from: '1970-01-01', to: '2036-12-31' })
    expect(kept.map(({ day, connections }) => [day, connections])).toEqual([
      ['2026-03-03', 1],
      ['2026-03-04', 2],
      ['2036-03-04', 1],
    ])
  })

  test('lists everything that is wrong with its options', async () => {
    const make = () => createUsage({ store: {}, flushMs: 0, clock: 1 } as never)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(/store: .*\n.*flushMs: .*\n.*clock: /s)
    expect(() => memoryUsage({ days: 0 })).toThrow(OptionsError)
    await expect(createUsage().of({ from: 'yesterday' })).rejects.toThrow(/from: must be a day/)
    await expect(createUsage().of({ from: SECOND, to: FIRST })).rejects.toThrow(OptionsError)
  })
})
