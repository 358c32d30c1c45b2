import { describe, expect, test } from 'vitest'
import { createLedger, fileLedger, OptionsError, streamLedger, type LedgerEntry } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, TERMS } from './gate-setting.js'
import { kept } from './ledger-setting.js'

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

  test.each([
    ['that of the model Terms', undefined, '3(a)'],
    ["the provider's own", '7.2', '7.2'],
  ])('keeps the clause on which it was ended, where that is a reason: %s', async (_, own, clause) => {
    const terms = { ...TERMS, ...(own !== undefined && { clauses: { 'account-suspended': own } }) }
    const { gate, keys, registry, clock, told } = gateWith({ terms })
    const entries: LedgerEntry[] = []
    const ledger = createLedger({ sinks: [(entry) => entries.push(entry)], clock })
    ledger.follow(gate)
    await admitted(gate, asking(keys.globex))
    await gate.end({ account: 'globex' }, 'maintenance')
    await admitted(gate, asking(keys.crm))
    await registry.suspend({ account: 'acme', by: 'ops' })
    await settled()
    await ledger.flush()
    expect(entries).toMatchObject([{ reason: 'maintenance' }, { reason: 'account-suspended', clause }])
    expect(entries[0]).not.toHaveProperty('clause')
    const released = told.flatMap((event) => (event.name === 'released' ? [event.clause] : []))
    expect(released).toEqual([undefined, clause])
    await gate.close()
  })

  test('keeps warnings without what was thrown', async () => {
    const { gate, entries, ledger } = kept()
    gate.warn('store-failed', 'the store failed', new Error('postgres://user:password@db'))
    await ledger.flush()
    expect(entries).toMatchObject([{ what: 'warning', reason: 'store-failed', message: 'the store failed' }])
    expect(JSON.stringify(entries)).not.toContain('password')
  })

  test('keeps how often was warned, exactly', async () => {
    const { gate, clock, entries, ledger } = kept()
    for (let n = 0; n < 700; n++) gate.warn('store-failed', 'the store failed')
    clock.advance(60_000)
    for (let n = 0; n < 300; n++) gate.warn('store-failed', 'the store failed')
    await gate.close()
    await ledger.close()
    expect(entries.map(({ what, count }) => [what, count])).toEqual([
      ['warning', 1],
      ['warning', 699],
      ['warning', 300],
    ])
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

  test.each([
    ['enforce', true],
    ['observe', false],
  ] as const)('tells in %s mode that a sign is refused: %s', async (mode, enforced) => {
    const misuse = { atLimit: { most: 1, refuseMs: 1000 } }
    const { gate, keys, clock } = gateWith({ limits: { read: 0 }, misuse, mode })
    const entries: LedgerEntry[] = []
    const ledger = createLedger({ sinks: [(entry) => entries.push(entry)], clock })
    ledger.follow(gate)
    await gate.admit(asking(keys.crm))
    await gate.admit(asking(keys.crm))
    await ledger.flush()
    expect(entries.filter(({ what }) => what === 'misuse')).toMatchObject([{ enforced }])
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

  test('keeps the clauses that operations rest on, and of partners where there is one', async () => {
    const { entries, ledger, registry } = kept()
    ledger.followOperations(registry)
    const by = 'ops'
    await registry.registerAccount({ id: 'alone', by })
    await registry.registerAccount({ id: 'sold', partner: 'resell', by })
    await registry.suspend({ account: 'alone', by })
    await registry.suspend({ partner: 'resell', by })
    await registry.terminate({ account: 'alone', by })
    await registry.setAccount({ id: 'taken over' })
    await ledger.flush()
    expect(entries.map(({ reason, clause }) => [reason, clause])).toEqual([
      ['register-account', '1(c)'],
      ['register-account', '1(c), 1(d)'],
      ['suspend', '3(a)'],
      ['suspend', '1(d), 3(a)'],
      ['terminate', '6(a)'],
      ['set-account', undefined],
    ])
  })

  test('keeps nothing of a gate that is not followed any more', async () => {
    const { gate, entries, ledger, stop } = kept()
    await gate.admit(asking(undefined))
    stop()
    await gate.admit(asking(undefined))
    await ledger.flush()
    expect(entries).toHaveLength(1)
  })

  test('keeps each decision once, however often its gate or registry is followed', async () => {
    const { gate, entries, ledger, registry, stop } = kept()
    const stopAgain = ledger.follow(gate)
    ledger.followOperations(registry)
    ledger.followOperations(registry)
    await gate.admit(asking(undefined))
    await registry.suspend({ account: 'acme', by: 'ops' })
    await ledger.flush()
    expect(entries.map(({ what }) => what)).toEqual(['refused', 'operation'])
    stop()
    ledger.follow(gate)
    // It ends what it began, and that is over.
    stopAgain()
    await gate.admit(asking(undefined))
    await ledger.flush()
    expect(entries).toHaveLength(3)
  })

  test('that is closed keeps nothing, whatever it is given to follow', async () => {
    const { gate, clock, entries, ledger, registry } = kept()
    await ledger.close()
    ledger.follow(gate)
    ledger.followOperations(registry)
    await gate.admit(asking(undefined))
    await registry.suspend({ account: 'acme', by: 'ops' })
    await ledger.flush()
    expect(entries).toEqual([])
    expect(gate.setup().followedFor('ledger')).toBe(false)
    expect(clock.timers).toBe(0)
  })

  test('takes no window that is longer than a timer: it would be over at once', () => {
    const make = (windowMs: number) => createLedger({ sinks: [() => {}], windowMs })
    expect(() => make(2 ** 31)).toThrow(/windowMs: must be .* 1 to 2147483647/)
    expect(() => make(2 ** 31 - 1)).not.toThrow()
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
        partner: 'resell',
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
    for (let n = 0; n < 25_000; n++)
      floods.tells('refused', 'api', { id: `account-${n}` }, 'request-blocked', '2(c)')
    const told = [...floods.end()]
    expect(told).toHaveLength(10_001)
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(25_000)
    expect(told.at(-1)).toMatchObject({ kind: { others: true, reason: 'request-blocked' }, count: 15_000 })
  })
})
