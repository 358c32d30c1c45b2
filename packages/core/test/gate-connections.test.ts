import { describe, expect, test } from 'vitest'
import { createLedger, type LedgerEntry } from '../src/index.js'
import { admitted, asking, gateWith, outcomeOf } from './gate-setting.js'

describe('open connections', () => {
  test('are listed oldest first, by account, client or id', async () => {
    const { gate, keys, clock } = gateWith()
    const first = await admitted(gate, asking(keys.crm, 'GET', '/v1/calls?secret=1'))
    const since = new Date(clock.now())
    clock.advance(1000)
    await admitted(gate, asking(keys.globex, 'POST'))
    await admitted(gate, asking(keys.wallboard))
    const listed = async (filter?: object) => (await gate.connections(filter)).map(({ client }) => client)
    expect(await listed()).toEqual(['acme-crm', 'globex-app', 'acme-wallboard'])
    expect(await listed({ account: 'acme' })).toEqual(['acme-crm', 'acme-wallboard'])
    expect(await listed({ client: 'globex-app' })).toEqual(['globex-app'])
    expect(await listed({ account: 'acme', client: 'globex-app' })).toEqual([])
    expect(await gate.connections({ id: first.connection.id })).toEqual([
      {
        id: first.connection.id,
        account: 'acme',
        client: 'acme-crm',
        class: 'read',
        since,
        target: '/v1/calls',
        process: gate.process,
      },
    ])
    expect(await listed({ process: gate.process, account: 'acme' })).toEqual(['acme-crm', 'acme-wallboard'])
    expect(await listed({ process: 'another' })).toEqual([])
  })

  test.each([
    ['has a name that is not known', { acount: 'acme' }, /acount: is no option; did you mean account/],
    ['leaves its value to chance', { account: undefined }, /account: must be text/],
    ['has a value that is no text', { account: 7 }, /account: must be text/],
    ['is no object', 'acme', /must be an object/],
    ['is a list', ['acme'], /must be an object/],
    ['is missing', undefined, /must be an object/],
  ])('are not ended by a filter that %s: an empty one alone means all', async (_, filter, message) => {
    const { gate, keys } = gateWith()
    await admitted(gate, asking(keys.crm))
    await admitted(gate, asking(keys.globex))
    await expect(gate.end(filter as never, 'test')).rejects.toThrow(message)
    if (filter !== undefined) await expect(gate.connections(filter as never)).rejects.toThrow(message)
    expect(await gate.connections()).toHaveLength(2)
    expect(await gate.end({}, 'test')).toBe(2)
  })

  test('name the process, which the ledger names too; a second gate of the API has a name of its own', async () => {
    const entries: LedgerEntry[] = []
    const ledger = createLedger({ sinks: [(entry) => entries.push(entry)], tellFirst: 2 })
    const [one, other, elsewhere] = ['calls', 'calls', 'meetings'].map((api) => gateWith({ api }).gate)
    for (const gate of [one!, other!]) {
      ledger.follow(gate)
      await gate.admit({ method: 'GET', target: '/v1/calls', headers: {} })
    }
    await ledger.close()
    expect(one!.process).toMatch(/^[\w.-]+:\d+:[\w-]{8}$/)
    expect(elsewhere!.process).toBe(one!.process)
    expect(other!.process).toBe(`${one!.process}.2`)
    expect(entries.map(({ process }) => process)).toEqual([one!.process, one!.process])
    const again = createLedger({ sinks: [(entry) => entries.push(entry)] })
    again.follow(one!)
    await one!.admit({ method: 'GET', target: '/v1/calls', headers: {} })
    await again.close()
    expect(new Set(entries.map(({ id }) => id)).size).toBe(3)
  })

  test('keep the moment of their admission where the clock of the machine is set meanwhile', async () => {
    const { gate, keys, clock } = gateWith()
    await admitted(gate, asking(keys.crm))
    clock.advance(5000)
    clock.setNow(clock.now() + 3_600_000)
    const [open] = await gate.connections()
    expect(clock.now() - open!.since.getTime()).toBe(5000)
  })

  test('have ids of which no two gates have the same', async () => {
    const gates = [gateWith(), gateWith()]
    const ids = await Promise.all(
      gates.flatMap(({ gate, keys }) => [gate.admit(asking(keys.crm)), gate.admit(asking(keys.globex))]),
    )
    expect(new Set(ids.map((one) => one.admitted && one.connection.id)).size).toBe(4)
  })

  test('are given back once, however often they are released', async () => {
    const { gate, keys, told } = gateWith({ limits: { read: 2 } })
    const [one] = [await admitted(gate, asking(keys.crm)), await admitted(gate, asking(keys.crm))]
    for (let i = 0; i < 3; i++) one.release()
    expect(told.filter(({ name }) => name === 'released')).toHaveLength(1)
    await admitted(gate, asking(keys.crm))
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('connections-exhausted')
  })

  test('are ended by account, client or id, with the reason told; others go on', async () => {
    const { gate, keys, told } = gateWith()
    const one = await admitted(gate, asking(keys.crm))
    await admitted(gate, asking(keys.wallboard))
    await admitted(gate, asking(keys.globex))
    expect(await gate.end({ account: 'acme', client: 'globex-app' }, 'none')).toBe(0)
    expect(await gate.end({ id: one.connection.id }, 'mended')).toBe(1)
    expect(await gate.end({ client: 'acme-wallboard' }, 'moved')).toBe(1)
    expect(await gate.end({}, 'all')).toBe(1)
    expect(told.flatMap((event) => (event.name === 'released' ? [event.why] : []))).toEqual([
      'mended',
      'moved',
      'all',
    ])
    one.release()
    expect(told.filter(({ name }) => name === 'released')).toHaveLength(3)
    expect(await gate.connections()).toEqual([])
  })

  test('of which one is ended in the moment of its admission are cut off as soon as something carries them', async () => {
    const { gate, keys } = gateWith()
    gate.on('admitted', ({ connection }) => void gate.end({ id: connection }, 'at once'))
    const admission = await admitted(gate, asking(keys.crm))
    const ends: string[] = []
    admission.carriedBy({ end: (why) => ends.push(why) })
    expect(ends).toHaveLength(1)
  })
})
