import { describe, expect, test, vi } from 'vitest'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, type Told } from './gate-setting.js'

describe('events', () => {
  test('tell of an admission and its end who, what, how many and how long', async () => {
    const { gate, keys, clock, told } = gateWith({ limits: { read: 2 } })
    const at = new Date(clock.now())
    const admission = await admitted(gate, asking(keys.crm, 'GET', '/v1/calls?token=hidden'))
    clock.advance(1500)
    admission.release()
    const common = {
      api: 'telephony',
      path: '/v1/calls',
      account: 'acme',
      client: 'acme-crm',
      credential: 'acme-crm-key',
      hint: expect.stringMatching(/^key_….{4}$/) as string,
      class: 'read',
      connection: admission.connection.id,
    }
    expect(told).toEqual([
      { name: 'admitted', at, method: 'GET', inUse: 1, limit: 2, ...common },
      { name: 'released', at: new Date(clock.now()), heldMs: 1500, why: undefined, ...common },
    ])
    expect(JSON.stringify(told)).not.toContain(keys.crm)
    expect(JSON.stringify(told)).not.toContain('hidden')
  })

  test('tell of a refusal its reason, clause, instance, and what had been found out', async () => {
    const { gate, keys, told } = gateWith({ limits: { read: 1 } })
    await admitted(gate, asking(keys.crm))
    const over = await gate.admit(asking(keys.wallboard))
    const missing = await gate.admit(asking(undefined))
    if (over.admitted || missing.admitted) throw new Error('admitted')
    expect(told.slice(1)).toEqual([
      {
        name: 'refused',
        at: expect.any(Date) as Date,
        api: 'telephony',
        method: 'GET',
        path: '/v1/calls',
        reason: 'connections-exhausted',
        clause: '2(d)',
        status: 429,
        instance: over.instance,
        enforced: true,
        account: 'acme',
        client: 'acme-wallboard',
        credential: 'acme-wallboard-key',
        hint: expect.any(String) as string,
        class: 'read',
        limit: 1,
        inUse: 1,
      },
      {
        name: 'refused',
        at: expect.any(Date) as Date,
        api: 'telephony',
        method: 'GET',
        path: '/v1/calls',
        reason: 'credentials-missing',
        clause: '2(c)',
        status: 401,
        instance: missing.instance,
        enforced: true,
      },
    ])
  })

  test.each([
    ['run together', (key: string) => `/v1/9${key}`, '/v1/[key]'],
    ['behind a prefix with digits', (key: string) => `/v1/acme_2024${key.slice(3)}`, '/v1/acme_[key]'],
    ['behind another word', (key: string) => `/v1/a_b_${key}_c`, '/v1/a_b_[key]_c'],
    ['more than one', (key: string) => `/v1/${key}${key}/${key}`, '/v1/[key][key]/[key]'],
    ['encoded', (key: string) => `/v1/${key.replace('_', '%5f')}/x`, '/v1/[key]/x'],
  ])('show no key that stands in a path: %s', async (_, pathWith, shown) => {
    const { gate, keys, told } = gateWith()
    await gate.admit(asking(undefined, 'GET', pathWith(keys.crm)))
    expect(told).toMatchObject([{ name: 'refused', path: shown }])
    expect(JSON.stringify(told)).not.toContain(keys.crm.slice(4))
  })

  test('are told in time proportional to the path, however hostile', async () => {
    const { gate, told } = gateWith({ requests: { maxTargetLength: 10_000_000 } })
    for (const part of ['a', '0', 'a_', '_', `a_${'b'.repeat(37)}`, '%61', 'a%'])
      await gate.admit(asking(undefined, 'GET', `/${part.repeat(1_000_000 / part.length)}`))
    expect(told).toHaveLength(7)
  })

  test('show no key that stands in a path', async () => {
    const { gate, keys, told } = gateWith()
    await admitted(gate, asking(keys.crm, 'GET', `/v1/${keys.globex}/calls`))
    expect(JSON.stringify([told, await gate.connections()])).not.toContain(keys.globex)
    expect(told[0]).toMatchObject({ path: '/v1/[key]/calls' })
  })

  test('are told to nobody any more after off', async () => {
    const { gate, keys } = gateWith()
    let heard = 0
    const listener = () => void heard++
    gate.on('admitted', listener).on('admitted', listener).off('admitted', listener).off('admitted', listener)
    await admitted(gate, asking(keys.crm))
    expect(heard).toBe(0)
  })

  test('harm no request where a listener throws, and the warning tells of it', async () => {
    const { gate, keys, told, clock } = gateWith()
    const cause = new Error('listener')
    for (const name of ['admitted', 'refused', 'released'] as const)
      gate.on(name, () => {
        throw cause
      })
    const admission = await admitted(gate, asking(keys.crm))
    await gate.admit(asking(undefined))
    admission.release()
    clock.advance(60_000)
    await gate.admit(asking(undefined))
    expect(told.filter(({ name }) => name === 'warning')).toMatchObject([
      { code: 'listener-failed', count: 1, cause },
      { code: 'listener-failed', count: 2, cause },
    ])
    expect(await gate.connections()).toEqual([])
  })

  test('harm no process where an async listener rejects, and the warning tells of it', async () => {
    const { gate, keys, told } = gateWith()
    const cause = new Error('the log is down')
    gate.on('admitted', async () => {
      await Promise.resolve()
      throw cause
    })
    await admitted(gate, asking(keys.crm))
    await settled()
    expect(told.filter(({ name }) => name === 'warning')).toMatchObject([{ code: 'listener-failed', cause }])
  })

  test('reach every listener, whatever those before it do', async () => {
    const { gate, keys } = gateWith()
    const heard: string[] = []
    gate.on('admitted', () => {
      throw new Error('first')
    })
    gate.on('admitted', ({ account }) => heard.push(account))
    await admitted(gate, asking(keys.crm))
    expect(heard).toEqual(['acme'])
  })
})

describe('a warning of what goes on failing', () => {
  const warnings = (told: readonly Told[]) =>
    told.flatMap((event) =>
      event.name === 'warning' ? [{ message: event.message, count: event.count }] : [],
    )

  test('comes as the minute ends, though nothing fails any more by then', async () => {
    const { gate, told, clock } = gateWith()
    for (let n = 1; n <= 5; n++) gate.warn('store-failed', `failed: ${n}`)
    clock.advance(59_999)
    expect(warnings(told)).toEqual([{ message: 'failed: 1', count: 1 }])
    clock.advance(1)
    expect(warnings(told).slice(1)).toEqual([{ message: 'failed: 5', count: 4 }])
    clock.advance(120_000)
    gate.warn('store-failed', 'failed: 6')
    expect(warnings(told).slice(2)).toEqual([{ message: 'failed: 6', count: 1 }])
    await gate.close()
  })

  test('comes as the gate is closed, with all that were not told, and no timer is left', async () => {
    const { gate, told, clock } = gateWith()
    for (let n = 1; n <= 1000; n++) gate.warn(n % 2 ? 'store-failed' : 'limits-failed', 'failed')
    await gate.close()
    expect(warnings(told).map(({ count }) => count)).toEqual([1, 1, 499, 499])
    expect(clock.timers).toBe(0)
    // What follows the gate and is closed after it has something to tell too.
    gate.warn('store-failed', 'failed once more')
    expect(warnings(told).at(-1)).toEqual({ message: 'failed once more', count: 1 })
  })

  test('whose listener rejects is told to the process, and does not go on by that alone', async () => {
    const { gate, told, clock } = gateWith()
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
    gate.on('warning', () => Promise.reject(new Error('the pager is down')))
    gate.warn('store-failed', 'failed')
    for (let minute = 0; minute < 5; minute++) {
      await settled()
      clock.advance(60_000)
    }
    await gate.close()
    expect(warnings(told)).toEqual([{ message: 'failed', count: 1 }])
    expect(emitted.mock.calls).toMatchObject([[{ message: 'the pager is down' }, 'ApiTermsWarning']])
    emitted.mockRestore()
  })
})
