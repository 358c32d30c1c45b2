import { createServer, request } from 'node:http'
import { Writable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { createLedger, streamLedger, type LedgerEntry, type LedgerSink } from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { settled } from '../../../test/clock.js'
import { asking, twoAccounts } from './gate-setting.js'
import { failing, kept, stalling } from './ledger-setting.js'

async function refuse({ gate }: Pick<ReturnType<typeof kept>, 'gate'>, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) await gate.admit(asking(undefined))
}

describe('a sink', () => {
  test('that fails gets the same entries again, and the gate warns', async () => {
    const got: LedgerEntry[] = []
    let failures = 2
    const sink: LedgerSink = {
      write: (entries) =>
        failures-- > 0 ? Promise.reject(new Error('no space')) : Promise.resolve(void got.push(...entries)),
    }
    const { gate, clock, ledger, told } = kept({ sink })
    await gate.admit(asking(undefined))
    await ledger.flush()
    expect(told.filter(({ name }) => name === 'warning')).toMatchObject([
      { code: 'ledger-failed', message: expect.stringContaining('nothing is lost yet') as string },
    ])
    clock.advance(1000)
    await settled()
    clock.advance(1000)
    await settled()
    expect(got.map(({ what }) => what)).toEqual(['refused', 'warning'])
    expect(ledger.dropped).toBe(0)
  })

  test('that throws is asked no more after the ledger is closed, and what was not taken is counted', async () => {
    const { gate, ledger, told } = kept({ sink: { write: () => Promise.reject(new Error('EPIPE')) } })
    await gate.admit(asking(undefined))
    await ledger.close()
    await ledger.close()
    expect(ledger.dropped).toBeGreaterThanOrEqual(1)
    expect(told.some((event) => event.name === 'warning' && event.code === 'ledger-failed')).toBe(true)
  })

  test('that stalls holds no request up; what is too much is dropped, counted and told, and warned of at once', async () => {
    const { got, go, sink } = stalling()
    const set = kept({ sink, maxQueued: 10, tellFirst: 1000 })
    await refuse(set, 10)
    expect(set.warnings()).toEqual([])
    await refuse(set, 90)
    expect(set.warnings()).toMatchObject([
      { code: 'ledger-failed', message: expect.stringContaining('dropped so far: 1') as string, count: 1 },
    ])
    // And the warning.
    expect(set.ledger.dropped).toBe(91)
    go()
    await set.ledger.flush()
    expect(got).toHaveLength(11)
    expect(got.at(-1)).toMatchObject({ what: 'dropped', count: 91 })
  })
})

test('a sink has its entries in order, those that warn of another sink too', async () => {
  const got: LedgerEntry[] = []
  const set = kept({ sinks: [stalling().sink, (entry) => got.push(entry)], maxQueued: 3, tellFirst: 1000 })
  for (let n = 0; n < 10; n++) {
    await refuse(set)
    await settled()
  }
  const serials = got.map(({ id }) => Number.parseInt(id.split('/').at(-1)!, 36))
  expect(serials).toHaveLength(11)
  expect(serials).toEqual(serials.toSorted((one, other) => one - other))
})

describe('where no gate is followed', () => {
  test('the process is told, once, of a sink that fails, and of what is lost as the ledger is closed', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const { registry } = twoAccounts()
    const ledger = createLedger({ sinks: [failing().sink] })
    ledger.followOperations(registry)
    for (let n = 0; n < 3; n++) {
      await registry.verify({ account: 'acme', by: 'ops' })
      await ledger.flush()
    }
    await ledger.close()
    const as = { type: 'ApiTermsWarning', code: 'API_TERMS_LEDGER' }
    expect(emitted.mock.calls).toEqual([
      ['api-terms: a sink of the ledger failed; nothing is lost yet', as],
      ['api-terms: the ledger was closed; decisions dropped so far: 3', as],
    ])
    emitted.mockRestore()
  })
})

describe('counts', () => {
  test('are exact where a summary is dropped', async () => {
    const { state, sink } = failing()
    const set = kept({ sink, maxQueued: 20 })
    await refuse(set, 1000)
    await set.ledger.flush()
    state.fails = false
    await set.ledger.flush()
    const refusals = state.got.filter(({ what }) => what !== 'warning')
    expect(refusals.map(({ what, count }) => [what, count]).at(-1)).toEqual(['dropped', 980 + 1])
    expect(set.ledger.dropped).toBe(980 + 1)
  })

  test('tell what was dropped once, though the entry that tells it is dropped as the ledger is closed', async () => {
    const taken: LedgerEntry[] = []
    let takes = 1
    const sink: LedgerSink = {
      write: (entries) =>
        takes-- > 0 ? Promise.resolve(void taken.push(...entries)) : Promise.reject(new Error('no space')),
    }
    const set = kept({ sink, maxQueued: 5, tellFirst: 1000 })
    for (let n = 0; n < 12; n++) void set.gate.admit(asking(undefined))
    await set.ledger.flush()
    const decided = 12 + set.warnings().length
    expect(taken).toHaveLength(5)
    await set.ledger.close()
    expect(set.ledger.dropped + 5).toBe(decided)
  })
})

describe('a function as a sink', () => {
  /** Called with entries until it has one of this path, at which it throws. */
  function throwingAt(path: string) {
    const paths: (string | undefined)[] = []
    const set = kept({
      sink(entry) {
        if (entry.path === path) throw new Error('cannot')
        if (entry.what === 'refused') paths.push(entry.path)
      },
    })
    const refuseAt = (...targets: string[]) =>
      Promise.all(targets.map((target) => set.gate.admit(asking(undefined, 'GET', target))))
    const passSeconds = async (seconds: number) => {
      for (let n = 0; n < seconds; n++) {
        set.clock.advance(1000)
        await settled()
      }
    }
    return { ...set, paths, refuseAt, passSeconds }
  }

  test('has each entry once, though it throws at one behind them', async () => {
    const { ledger, paths, refuseAt, passSeconds } = throwingAt('/3')
    await refuseAt('/1', '/2', '/3', '/4')
    await ledger.flush()
    await passSeconds(5)
    expect(paths).toEqual(['/1', '/2'])
    expect(ledger.dropped).toBe(0)
    await ledger.close()
    // Two refusals, and the warning.
    expect(ledger.dropped).toBe(3)
  })

  test('that throws at an entry for a minute loses that one, counted and warned of, and none behind it', async () => {
    const { ledger, paths, refuseAt, passSeconds, warnings } = throwingAt('/2')
    await refuseAt('/1', '/2', '/3')
    await ledger.flush()
    await passSeconds(58)
    expect([paths, ledger.dropped]).toEqual([['/1'], 0])
    await passSeconds(2)
    await refuseAt('/4')
    await ledger.flush()
    expect([paths, ledger.dropped]).toEqual([['/1', '/3', '/4'], 1])
    expect(warnings().length).toBeGreaterThanOrEqual(1)
  })
})

describe('a backlog', () => {
  test('is written in many turns: what else is ready comes between', async () => {
    let turn = 0
    const turns: number[] = []
    const sink: LedgerSink = { write: () => Promise.resolve(void turns.push(turn)) }
    const set = kept({ sink, tellFirst: 10_000 })
    for (let n = 0; n < 3000; n++) void set.gate.admit(asking(undefined))
    const next = () => {
      turn++
      if (turns.length < 6) setImmediate(next)
    }
    setImmediate(next)
    await set.ledger.flush()
    expect(new Set(turns).size).toBe(6)
  })

  test('is never left lying: what comes as the last of it has been written is written too', async () => {
    const got: LedgerEntry[] = []
    for (let steps = 0; steps < 8; steps++) {
      const sink: LedgerSink = {
        write(entries) {
          got.push(...entries)
          // In one of the few steps between the end of the writing and the moment in which anybody knows.
          if (got.length % 2 === 1) void after(steps, () => void set.gate.admit(asking(undefined)))
          return Promise.resolve()
        },
      }
      const set = kept({ sink })
      await refuse(set)
      await settled(5)
      expect(got, `after ${steps} steps`).toHaveLength((steps + 1) * 2)
    }
  })

  async function after(steps: number, work: () => void): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- so many steps
    for (let step = 0; step < steps; step++) await Promise.resolve()
    work()
  }
})

describe('after the ledger is closed', () => {
  async function closedWhileWriting(settle: 'resolve' | 'reject') {
    const calls: string[] = []
    let late!: { resolve: () => void; reject: (cause: Error) => void }
    const sink: LedgerSink = {
      write() {
        calls.push('write')
        return new Promise((resolve, reject) => (late = { resolve, reject }))
      },
      close: () => Promise.resolve(void calls.push('close')),
    }
    const set = kept({ sink })
    await refuse(set)
    await settled()
    await refuse(set)
    const closing = set.ledger.close()
    set.clock.advance(5000)
    await closing
    late[settle](new Error('late'))
    await settled()
    set.clock.advance(10_000)
    await settled()
    return { ...set, calls }
  }

  test.each(['resolve', 'reject'] as const)(
    'a write that comes back late leads to no other, and to no timer: %s',
    async (settle) => {
      const { calls, clock, ledger } = await closedWhileWriting(settle)
      expect(calls).toEqual(['write', 'close'])
      expect(clock.timers).toBe(0)
      expect(ledger.dropped).toBe(2)
    },
  )

  test('nothing is written by flush', async () => {
    const { calls, ledger } = await closedWhileWriting('resolve')
    await ledger.flush()
    expect(calls).toEqual(['write', 'close'])
  })
})

describe('a stream', () => {
  test('gets one line of JSON for each entry', async () => {
    const lines: string[] = []
    const stream = new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) })
    const { gate, ledger } = kept({ sink: streamLedger(stream) })
    await gate.admit(asking(undefined))
    await gate.admit(asking(undefined))
    await ledger.close()
    const entries = lines
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LedgerEntry)
    expect(entries).toMatchObject([{ reason: 'credentials-missing' }, { reason: 'credentials-missing' }])
    expect(stream.destroyed).toBe(false)
  })

  test('whose reader has gone ends no process: what it does not take is counted', async () => {
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    const stream = new Writable({ write: (_, __, done) => done(broken) })
    const { gate, ledger } = kept({ sink: streamLedger(stream) })
    await gate.admit(asking(undefined))
    await ledger.close()
    expect(ledger.dropped).toBeGreaterThanOrEqual(1)
  })
})

test('requests over HTTP are answered while a sink hangs', async () => {
  const { gate, keys, ledger } = kept({ sink: { write: () => new Promise(() => undefined) } })
  const server = createServer(guardRequests(gate, (_, res) => res.end('ok'))).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const status = (key?: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = key === undefined ? {} : { 'x-api-key': key }
      request({ port, host: '127.0.0.1', headers }, (res) => resolve(res.resume().statusCode))
        .on('error', reject)
        .end()
    })
  expect(await Promise.all([status(), status(keys.crm), status()])).toEqual([401, 200, 401])
  server.close()
  void ledger.flush()
})
