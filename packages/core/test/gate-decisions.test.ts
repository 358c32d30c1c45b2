import { describe, expect, test } from 'vitest'
import { readRequest, type Limits, type OptionsError } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, outcomeOf, twoAccounts } from './gate-setting.js'

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
    const { gate, keys, told } = gateWith()
    const cause = new Error('listener')
    for (const name of ['admitted', 'refused', 'released'] as const)
      gate.on(name, () => {
        throw cause
      })
    const admission = await admitted(gate, asking(keys.crm))
    await gate.admit(asking(undefined))
    admission.release()
    const warnings = told.filter(({ name }) => name === 'warning')
    expect(warnings).toMatchObject(
      ['admitted', 'refused', 'released'].map(() => ({ code: 'listener-failed', cause })),
    )
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
      },
    ])
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

describe('limits', () => {
  const exhaust = async (
    gate: ReturnType<typeof gateWith>['gate'],
    key: string,
    method = 'GET',
  ): Promise<number> => {
    for (let count = 0; count < 100; count++)
      if (!(await gate.admit(asking(key, method))).admitted) return count
    return Infinity
  }

  test('are 10 to read and 1 to write where nothing is said, and what is left out stays so', async () => {
    const bare = gateWith()
    expect(await exhaust(bare.gate, bare.keys.crm)).toBe(10)
    expect(await exhaust(bare.gate, bare.keys.crm, 'POST')).toBe(1)
    const partly = gateWith({ limits: { write: 3 } })
    expect(await exhaust(partly.gate, partly.keys.crm)).toBe(10)
    expect(await exhaust(partly.gate, partly.keys.crm, 'DELETE')).toBe(3)
  })

  test('of an account go before those of the gate, class by class', async () => {
    const { gate, keys } = gateWith(
      { limits: { read: 2, write: 2 } },
      twoAccounts({ acme: { limits: { read: 4 } } }),
    )
    expect(await exhaust(gate, keys.crm)).toBe(4)
    expect(await exhaust(gate, keys.crm, 'POST')).toBe(2)
    expect(await exhaust(gate, keys.globex)).toBe(2)
  })

  test('change at run time: counts stay, lowering drains, raising lets in', async () => {
    const { gate, keys } = gateWith({ limits: { read: 2 } })
    const held = [await admitted(gate, asking(keys.crm)), await admitted(gate, asking(keys.crm))]
    await gate.setLimits({ read: 1 })
    held[0]!.release()
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('connections-exhausted')
    await gate.setLimits({ read: 3 })
    expect(await exhaust(gate, keys.crm)).toBe(2)
    await gate.setLimits({ read: 0 })
    expect(outcomeOf(await gate.admit(asking(keys.globex)))).toBe('connections-exhausted')
    expect(outcomeOf(await gate.admit(asking(keys.globex, 'POST')))).toBe('admitted')
  })

  test.each([[{ read: -1 }], [{ read: 0.5 }], [{ read: '3' }], [{ read: NaN }], [null], [7], [[]]])(
    'cannot be set to %j at run time, and stay as they were',
    async (limits) => {
      const { gate, keys } = gateWith({ limits: { read: 1 } })
      await expect(gate.setLimits(limits as Limits)).rejects.toSatisfy((error: OptionsError) => {
        expect(error.code).toBe('API_TERMS_OPTIONS')
        return error.issues.every(({ path }) => path.startsWith('limits'))
      })
      expect(await exhaust(gate, keys.crm)).toBe(1)
    },
  )

  test.each([
    ['on the spot', (limits: Limits) => limits],
    ['after a while', (limits: Limits) => Promise.resolve(limits)],
  ])('come from a function %s, before those of the account, asked with account and API', async (_, give) => {
    const asked: unknown[] = []
    const limits = (account: object, api: string) => {
      asked.push([account, api])
      return give({ read: 3 })
    }
    const { gate, keys } = gateWith({ limits }, twoAccounts({ acme: { limits: { read: 7, write: 2 } } }))
    expect(await exhaust(gate, keys.crm)).toBe(3)
    expect(await exhaust(gate, keys.crm, 'POST')).toBe(2)
    expect(asked[0]).toEqual([{ id: 'acme', limits: { read: 7, write: 2 } }, 'telephony'])
    await gate.setLimits({ read: 8 })
    expect(await exhaust(gate, keys.globex)).toBe(8)
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['returns a negative one', () => ({ read: -1 })],
    ['returns a fraction', () => Promise.resolve({ read: 1.5 })],
    ['returns text', () => 'many'],
    ['returns text for a number', () => ({ read: '10' })],
    ['returns a number', () => Promise.resolve(5)],
    ['returns a list', () => [1, 2]],
  ])('that cannot be told, because their function %s, refuse with limits-unavailable', async (_, limits) => {
    const { gate, keys, told } = gateWith({ limits: limits as () => Limits })
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
    expect(told).toMatchObject([
      { name: 'warning', code: 'limits-failed', cause: expect.any(Error) as Error },
      { name: 'refused', reason: 'limits-unavailable', status: 503, account: 'acme' },
    ])
  })

  test('that take longer than timeoutMs refuse with limits-unavailable, and hold nothing', async () => {
    const { gate, keys, clock, told } = gateWith({
      limits: () => new Promise<Limits>(() => {}),
      connections: { timeoutMs: 500 },
    })
    const outcome = gate.admit(asking(keys.crm))
    await settled()
    clock.advance(499)
    await settled()
    expect(told).toEqual([])
    clock.advance(1)
    expect(outcomeOf(await outcome)).toBe('limits-unavailable')
    expect(told.map(({ name }) => name)).toEqual(['warning', 'refused'])
    expect(clock.timers).toBe(0)
  })

  test('of an account that are no limits refuse with limits-unavailable', async () => {
    const { gate, keys, told } = gateWith({}, withOddLimits({ read: '10' }))
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
    expect(told[0]).toMatchObject({ code: 'limits-failed' })
  })
})

/** A registry of the provider's own, whose records nobody has checked. */
function withOddLimits(limits: object): ReturnType<typeof twoAccounts> {
  const accounts = twoAccounts()
  const { registry } = accounts
  const odd = (digest: string) => {
    const found = registry.peekByDigest(digest)
    return found && { ...found, account: { ...found.account, limits: limits as Limits } }
  }
  return {
    ...accounts,
    registry: { ...registry, peekByDigest: odd, findByDigest: (digest) => Promise.resolve(odd(digest)) },
  }
}

describe('classes', () => {
  test("are the provider's own where it tells them, counted apart", async () => {
    const { gate, keys } = gateWith({
      limits: { bulk: 1, read: 2 },
      connections: { classify: ({ path }) => (path === '/v1/export' ? 'bulk' : 'read') },
    })
    const classOf = async (target: string) => {
      const outcome = await gate.admit(asking(keys.crm, 'POST', target))
      return outcome.admitted ? outcome.connection.class : outcome.reason
    }
    expect(await classOf('/v1/export')).toBe('bulk')
    expect(await classOf('/v1/export')).toBe('connections-exhausted')
    expect(await classOf('/v1/calls')).toBe('read')
  })

  test.each(['GET', 'HEAD', 'OPTIONS'])('%s reads', async (method) => {
    const { gate, keys } = gateWith({ limits: { read: 1, write: 0 } })
    expect(outcomeOf(await gate.admit(asking(keys.crm, method)))).toBe('admitted')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PURGE'])('%s writes', async (method) => {
    const { gate, keys } = gateWith({ limits: { read: 0, write: 1 }, requests: { methods: ['GET', method] } })
    expect(outcomeOf(await gate.admit(asking(keys.crm, method)))).toBe('admitted')
  })

  test.each(['bulk', '', 'constructor', '__proto__', 'toString', undefined])(
    'named %j have no limit: refused, and the warning says so',
    async (name) => {
      const { gate, keys, told } = gateWith(
        { connections: { classify: () => name as string } },
        twoAccounts({ acme: { limits: { read: 1 } } }),
      )
      expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
      expect(told.map((event) => ('code' in event ? event.code : event.name))).toEqual([
        'class-without-limit',
        'refused',
      ])
    },
  )

  test('that cannot be told, because the function throws, refuse with limits-unavailable', async () => {
    const cause = new Error('classify')
    const classify = () => {
      throw cause
    }
    const { gate, keys, told } = gateWith({ connections: { classify } })
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
    expect(told).toMatchObject([{ code: 'limits-failed', cause }, { name: 'refused' }])
  })
})

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
