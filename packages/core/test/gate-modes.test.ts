import { describe, expect, test } from 'vitest'
import { readRequest, type Limits } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, outcomeOf, TestCarrier, twoAccounts } from './gate-setting.js'

describe('skip', () => {
  test('lets a request by unseen', async () => {
    const { gate, told } = gateWith({ skip: ({ path }) => path === '/health' })
    const outcome = await gate.admit(asking(undefined, 'GET', '/health'))
    expect(outcome).toMatchObject({ admitted: true, identified: false })
    expect(told).toEqual([])
    expect(await gate.connections()).toEqual([])
  })

  test('that throws has the request checked', async () => {
    const skip = () => {
      throw new Error('skip')
    }
    const { gate, told } = gateWith({ skip })
    expect(outcomeOf(await gate.admit(asking(undefined)))).toBe('credentials-missing')
    expect(told[0]).toMatchObject({ code: 'option-failed' })
  })
})

describe('observing', () => {
  test('cuts nobody off: not who is suspended, nor who stays long or reads nothing', async () => {
    const { gate, keys, registry, clock } = gateWith({
      mode: 'observe',
      connections: { maxHoldMs: 1000, stallMs: 1000 },
    })
    const carrier = new TestCarrier()
    carrier.taken = 7
    const admission = await admitted(gate, asking(keys.crm))
    admission.carriedBy(carrier)
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    await settled()
    for (let second = 0; second < 10; second++) clock.advance(1000)
    expect([carrier.ends, await gate.connections()]).toMatchObject([[], [{ account: 'acme' }]])
    await gate.end({ account: 'acme' }, 'the operator said so')
    expect(carrier.ends).toEqual(['the operator said so'])
  })

  test('makes nobody wait', async () => {
    const { gate, keys } = gateWith({ mode: 'observe', limits: { read: 0 }, connections: { waitMs: 1000 } })
    expect((await admitted(gate, asking(keys.crm))).account.id).toBe('acme')
  })

  test('refuses nothing, counts what it admits, and reports what it would have refused', async () => {
    const { gate, keys, told } = gateWith({ mode: 'observe', limits: { read: 1 } })
    const first = await admitted(gate, asking(keys.crm))
    const second = await admitted(gate, asking(keys.wallboard))
    const nobody = await admitted(gate, asking(undefined))
    expect([first, second, nobody].map(({ identified }) => identified)).toEqual([true, true, false])
    expect(second.account.id).toBe('acme')
    expect(told).toMatchObject([
      { name: 'admitted', inUse: 1, limit: 1 },
      { name: 'refused', reason: 'connections-exhausted', enforced: false, inUse: 1, limit: 1 },
      { name: 'refused', reason: 'credentials-missing', enforced: false },
    ])
    expect(await gate.connections()).toHaveLength(1)
    for (const admission of [second, nobody, first, first]) admission.release()
    expect(told.filter(({ name }) => name === 'released')).toHaveLength(1)
    await admitted(gate, asking(keys.crm))
    expect(told.at(-1)).toMatchObject({ name: 'admitted', inUse: 1 })
  })

  test('touches no response', async () => {
    const { gate, keys } = gateWith({ mode: 'observe' })
    const admission = await admitted(gate, asking(keys.crm))
    const touched: string[] = []
    const touch = (name: string) => void touched.push(name)
    admission.stamp({
      statusCode: 200,
      getHeader: () => undefined,
      setHeader: touch,
      removeHeader: touch,
      getHeaderNames: () => [],
    })
    expect(touched).toEqual([])
  })
})

describe('a gate that closes', () => {
  test('refuses whoever comes, ends what is open, and closes once however often it is told to', async () => {
    const { gate, keys, clock, told } = gateWith()
    const admission = await admitted(gate, asking(keys.crm))
    const ends: string[] = []
    admission.carriedBy({ end: (why) => ends.push(why) })
    await Promise.all([gate.close(), gate.close()])
    await gate.close()
    expect(ends).toEqual(['closed'])
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
    expect(told.map(({ name }) => name)).toEqual(['admitted', 'released', 'refused'])
    expect(clock.timers).toBe(0)
  })

  test('lets nobody in whose limits came too late', async () => {
    let tell = (_: Limits) => {}
    const limits = () => new Promise<Limits>((resolve) => (tell = resolve))
    const { gate, keys, clock } = gateWith({ limits })
    const outcome = gate.admit(asking(keys.crm))
    await settled()
    await gate.close()
    tell({ read: 5 })
    expect(outcomeOf(await outcome)).toBe('limits-unavailable')
    expect(await gate.connections()).toEqual([])
    expect(clock.timers).toBe(0)
  })

  test('hears no changes of the registry any more', async () => {
    const { registry, ...accounts } = twoAccounts()
    let listeners = 0
    const onChange: typeof registry.onChange = (listener) => {
      listeners++
      const end = registry.onChange(listener)
      return () => {
        listeners--
        end()
      }
    }
    const { gate } = gateWith({}, { ...accounts, registry: { ...registry, onChange } })
    expect(listeners).toBeGreaterThan(0)
    await gate.close()
    expect(listeners).toBe(0)
  })
})

test('a request may come as an adapter has it, or as it has been read', async () => {
  const { gate, keys } = gateWith()
  expect(outcomeOf(await gate.admit(readRequest(asking(keys.crm))))).toBe('admitted')
  expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('admitted')
})
