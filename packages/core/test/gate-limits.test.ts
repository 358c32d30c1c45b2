import { describe, expect, test } from 'vitest'
import { createGate, type Limits, type OptionsError } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, outcomeOf, twoAccounts } from './gate-setting.js'

test('a time-out longer than a timer of Node can be does not run out at once', async () => {
  const slowly = async () => {
    await settled()
    return { read: 1 }
  }
  const { registry, keys } = twoAccounts()
  // The system's own timers: they are what overflows.
  const gate = createGate({
    terms: { url: 'https://provider.example/terms' },
    registry,
    limits: slowly,
    connections: { timeoutMs: 3_000_000_000 },
  })
  expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('admitted')
  await gate.close()
})

test('what a function says goes before what is granted to the account, which goes before what is said of all', async () => {
  const accounts = twoAccounts({ acme: { limits: { read: 5, write: 4 } } })
  const said = gateWith({ limits: () => ({ read: 1 }) }, accounts)
  const general = gateWith({ limits: { read: 1, write: 1 } }, accounts)
  const limits: number[] = []
  for (const { gate } of [said, general]) gate.on('admitted', ({ limit }) => limits.push(limit))
  await admitted(said.gate, asking(accounts.keys.crm))
  await admitted(said.gate, asking(accounts.keys.crm, 'POST'))
  await admitted(general.gate, asking(accounts.keys.crm))
  expect(limits).toEqual([1, 4, 5])
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

  test.each([undefined, null, {}])('stay as they are for whom their function answers %j', async (said) => {
    const limits = () => said as never
    const { gate, keys } = gateWith({ limits }, twoAccounts({ acme: { limits: { read: 3 } } }))
    expect([await exhaust(gate, keys.crm), await exhaust(gate, keys.globex)]).toEqual([3, 10])
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

  test('that a function tells as a Map refuse with limits-unavailable', async () => {
    const { gate, keys, told } = gateWith({ limits: () => new Map([['read', 1]]) as never })
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('limits-unavailable')
    expect(told[0]).toMatchObject({ name: 'warning', code: 'limits-failed' })
  })

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
