import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createLedger,
  fileLedger,
  OptionsError,
  streamLedger,
  type LedgerEntry,
  type LedgerSink,
} from '@api-terms/core'
import { guardRequests } from '@api-terms/core/node'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, twoAccounts } from './gate-setting.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-terms-ledger-'))
})

afterAll(() => rm(folder, { recursive: true }))

/** A gate whose decisions are kept in a list. */
function kept(options: { tellFirst?: number; sink?: LedgerSink; maxQueued?: number } = {}) {
  const setting = gateWith({ limits: { read: 1 } }, twoAccounts({ acme: { partner: 'resell' } }))
  const entries: LedgerEntry[] = []
  const { sink = (entry: LedgerEntry) => entries.push(entry), ...others } = options
  const ledger = createLedger({ sinks: [sink], clock: setting.clock, ...others })
  ledger.follow(setting.gate)
  return { ...setting, entries, ledger }
}

describe('the ledger', () => {
  test('keeps a refusal with time, process, instance, clause, reason, account, client, hint and partner', async () => {
    const { gate, keys, clock, entries, ledger } = kept()
    await admitted(gate, asking(keys.crm))
    const at = new Date(clock.now())
    const refusal = await gate.admit(asking(keys.wallboard, 'GET', '/v1/calls?token=hidden'))
    await ledger.flush()
    expect(entries).toEqual([
      {
        id: expect.stringMatching(/^.+:\d+:.{8}\/\w+$/) as string,
        at,
        process: expect.stringMatching(/^.+:\d+:.{8}$/) as string,
        what: 'refused',
        count: 1,
        api: 'telephony',
        method: 'GET',
        path: '/v1/calls',
        reason: 'connections-exhausted',
        clause: '2(d)',
        status: 429,
        instance: !refusal.admitted && refusal.instance,
        enforced: true,
        account: 'acme',
        client: 'acme-wallboard',
        credential: 'acme-wallboard-key',
        hint: expect.stringMatching(/^key_….{4}$/) as string,
        partner: 'resell',
        class: 'read',
        limit: 1,
        inUse: 1,
      },
    ])
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`${keys.wallboard}|hidden`))
  })

  test('keeps why a connection was ended, and nothing of one that ended by itself', async () => {
    const { gate, keys, entries, ledger } = kept()
    const first = await admitted(gate, asking(keys.crm))
    first.release()
    await admitted(gate, asking(keys.crm, 'GET', `/v1/calls/${keys.crm}`))
    await gate.end({ account: 'acme' }, 'maintenance')
    await ledger.flush()
    expect(entries).toMatchObject([
      { what: 'ended', reason: 'maintenance', account: 'acme', client: 'acme-crm', path: '/v1/calls/[key]' },
    ])
  })

  test('keeps warnings without what was thrown', async () => {
    const { gate, entries, ledger } = kept()
    gate.warn('store-failed', 'the store failed', new Error('postgres://user:password@db'))
    await ledger.flush()
    expect(entries).toMatchObject([{ what: 'warning', reason: 'store-failed', message: 'the store failed' }])
    expect(JSON.stringify(entries)).not.toContain('password')
  })

  test('keeps signs of misuse', async () => {
    const { gate, keys, clock } = gateWith({ limits: { read: 1 }, misuse: { atLimit: { most: 1 } } })
    const entries: LedgerEntry[] = []
    const ledger = createLedger({ sinks: [(entry) => entries.push(entry)], clock })
    ledger.follow(gate)
    await admitted(gate, asking(keys.crm))
    await gate.admit(asking(keys.crm))
    await gate.admit(asking(keys.crm))
    await ledger.flush()
    expect(entries.filter(({ what }) => what === 'misuse')).toMatchObject([
      { reason: 'often-at-limit', clause: '2(d)', account: 'acme', enforced: false },
    ])
  })

  test('keeps operations of a registry: what, on whom, by whom and why', async () => {
    const { entries, ledger } = kept()
    let tell!: (operation: never) => void
    const end = ledger.followOperations({
      onOperation(listener) {
        tell = listener
        return () => (tell = () => undefined)
      },
    })
    const operation = { kind: 'suspend', account: 'acme', contacts: { billing: 'a@acme.example' } }
    const done = { id: 1, by: 'ops@provider.example', why: 'scraping', operation, accounts: ['acme'] }
    tell(done as never)
    end()
    tell(done as never)
    await ledger.flush()
    expect(entries).toMatchObject([
      {
        what: 'operation',
        reason: 'suspend',
        account: 'acme',
        by: 'ops@provider.example',
        message: 'scraping',
      },
    ])
    expect(JSON.stringify(entries)).not.toContain('a@acme.example')
  })

  test('keeps nothing of a gate that is not followed any more', async () => {
    const { gate, entries, ledger } = kept()
    const stop = ledger.follow(gate)
    stop()
    await gate.admit(asking(undefined))
    await ledger.close()
    await gate.admit(asking(undefined))
    await settled()
    expect(entries).toHaveLength(1)
  })

  test('lists everything that is wrong with its options', () => {
    const make = () => createLedger({ sinks: [], tellfirst: 1, windowMs: 0 } as never)
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(/sinks: must be .*\n.*windowMs: must be/s)
    expect(make).toThrow(/tellfirst: is no option; did you mean tellFirst\?/)
    expect(() => fileLedger({ path: '', files: 0 })).toThrow(/path: .*\n.*files: /s)
    expect(() => streamLedger(undefined as never)).toThrow(OptionsError)
  })
})

describe('a flood of refusals', () => {
  test('is summed up by account and reason, with exact counts', async () => {
    const { gate, keys, clock, entries, ledger } = kept({ tellFirst: 3 })
    await admitted(gate, asking(keys.crm))
    const since = new Date(clock.now())
    for (let n = 0; n < 1000; n++) {
      await gate.admit(asking(keys.crm))
      await gate.admit(asking(undefined))
    }
    await admitted(gate, asking(keys.globex))
    await gate.admit(asking(keys.globex))
    clock.advance(10_000)
    await ledger.flush()
    expect(entries).toHaveLength(3 + 3 + 1 + 2)
    expect(entries.slice(-2)).toMatchObject([
      {
        what: 'refused',
        reason: 'connections-exhausted',
        clause: '2(d)',
        account: 'acme',
        count: 997,
        since,
      },
      {
        what: 'refused',
        reason: 'credentials-missing',
        clause: '2(c)',
        count: 997,
        since,
        at: new Date(clock.now()),
      },
    ])
    expect(entries.at(-1)).not.toHaveProperty('account')
  })

  test('of more accounts than are told apart is summed up as that of others, and none is lost', async () => {
    const { Floods } = await import('../src/ledger/floods.js')
    const floods = new Floods(0)
    for (let n = 0; n < 25_000; n++) floods.tells('refused', 'api', `account-${n}`, 'request-blocked', '2(c)')
    const told = [...floods.end()]
    expect(told).toHaveLength(10_001)
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(25_000)
    expect(told.at(-1)).toMatchObject({ kind: { others: true, reason: 'request-blocked' }, count: 15_000 })
  })
})

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

  test('that stalls holds no request up; what is too much is dropped, counted and told', async () => {
    const got: LedgerEntry[] = []
    let go!: () => void
    const stalled = new Promise<void>((resolve) => (go = resolve))
    const sink: LedgerSink = { write: (entries) => stalled.then(() => void got.push(...entries)) }
    const { gate, ledger } = kept({ sink, maxQueued: 10, tellFirst: 1000 })
    for (let n = 0; n < 100; n++) await gate.admit(asking(undefined))
    expect(ledger.dropped).toBe(90)
    go()
    await ledger.flush()
    expect(got).toHaveLength(11)
    expect(got.at(-1)).toMatchObject({ what: 'dropped', count: 90 })
  })

  test('that throws is asked no more after the ledger is closed, and what was not taken is counted', async () => {
    const { gate, ledger, told } = kept({ sink: { write: () => Promise.reject(new Error('EPIPE')) } })
    await gate.admit(asking(undefined))
    await ledger.close()
    await ledger.close()
    expect(ledger.dropped).toBeGreaterThanOrEqual(1)
    expect(told.some((event) => event.name === 'warning' && event.code === 'ledger-failed')).toBe(true)
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

describe('a file', () => {
  const linesIn = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n')

  test('is begun anew in time, and only so many are kept', async () => {
    const path = join(folder, 'rotated.ndjson')
    const sink = fileLedger({ path, maxBytes: 2000, files: 3 })
    const entry = (n: number) => ({
      id: `${n}`,
      at: new Date(),
      process: 'p',
      what: 'refused' as const,
      count: 1,
    })
    for (let n = 0; n < 100; n++) await sink.write([entry(n)])
    await sink.close?.()
    const files = (await readdir(folder)).filter((name) => name.startsWith('rotated')).toSorted()
    expect(files).toEqual(['rotated.ndjson', 'rotated.ndjson.1', 'rotated.ndjson.2'])
    const left = (await Promise.all(files.toReversed().map((name) => linesIn(join(folder, name))))).flat()
    const ids = left.map((line) => Number((JSON.parse(line) as LedgerEntry).id))
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, n) => 100 - ids.length + n))
    for (const name of files) expect((await readFile(join(folder, name))).length).toBeLessThanOrEqual(2000)
  })

  test('that a killed process left with half a line goes on in a new one', async () => {
    const path = join(folder, 'torn.ndjson')
    await writeFile(path, '{"id":"a"}\n{"id":"b')
    const { gate, ledger } = kept({ sink: fileLedger({ path }) })
    await gate.admit(asking(undefined))
    await ledger.close()
    expect(await linesIn(path)).toEqual([
      '{"id":"a"}',
      '{"id":"b',
      expect.stringContaining('credentials-missing'),
    ])
  })

  test.runIf(process.platform === 'linux')(
    'on a full disk costs no request, and what is not written is counted',
    async () => {
      const { gate, ledger, told } = kept({
        sink: fileLedger({ path: '/dev/full' }),
        maxQueued: 5,
        tellFirst: 100,
      })
      for (let n = 0; n < 20; n++) await gate.admit(asking(undefined))
      await ledger.close()
      expect(ledger.dropped).toBeGreaterThanOrEqual(20)
      expect(told.find((event) => event.name === 'warning')).toMatchObject({ cause: { code: 'ENOSPC' } })
    },
  )
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
