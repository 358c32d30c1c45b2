import { describe, expect, test } from 'vitest'
import { type Admission, type Limits, type Refusal, type Registration, type Registry } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { admitted, asking, gateWith, outcomeOf, twoAccounts } from './gate-setting.js'

const WAITING = { limits: { read: 1 }, connections: { waitMs: 1000, maxWaiting: 2 } }

/** What becomes of an outcome that is waited for, in a word. */
function follow(outcome: Promise<Admission | Refusal>) {
  const follower = { word: 'waiting', outcome: undefined as Admission | Refusal | undefined }
  void outcome.then((given) => Object.assign(follower, { word: outcomeOf(given), outcome: given }))
  return follower
}

/** A gate whose one slot is held, and two who wait for it. */
async function heldGate(accounts = twoAccounts(), options = WAITING) {
  const set = gateWith(options, accounts)
  const holder = await admitted(set.gate, asking(set.keys.wallboard))
  const line = [set.gate.admit(asking(set.keys.crm)), set.gate.admit(asking(set.keys.wallboard))].map(follow)
  await settled()
  expect(line.map(({ word }) => word)).toEqual(['waiting', 'waiting'])
  set.told.length = 0
  return { ...set, holder, line }
}

const words = (line: { word: string }[]) => line.map(({ word }) => word)

describe('whoever waits', () => {
  test('comes in when a slot is free, first come first served', async () => {
    const { holder, line, told } = await heldGate()
    holder.release()
    await settled()
    expect(words(line)).toEqual(['admitted', 'waiting'])
    expect(told).toMatchObject([
      { name: 'released' },
      { name: 'admitted', client: 'acme-crm', inUse: 1, limit: 1 },
    ])
  })

  test.each([
    ['', {}],
    [', also where signs of misuse are looked for', { misuse: { networks: { most: 3 } } }],
  ])('is open from when it comes in, not from when it came%s', async (_, more) => {
    const { clock, holder, line, told } = await heldGate(twoAccounts(), { ...WAITING, ...more })
    clock.advance(400)
    holder.release()
    await settled()
    clock.advance(300)
    ;(line[0]!.outcome as Admission).release()
    expect(told.filter(({ name }) => name === 'released')).toMatchObject([{ heldMs: 400 }, { heldMs: 300 }])
  })

  test('is refused after waitMs, and one who comes to a full line at once', async () => {
    const { gate, keys, clock, line, told } = await heldGate()
    expect(outcomeOf(await gate.admit(asking(keys.crm)))).toBe('connections-exhausted')
    clock.advance(1000)
    await settled()
    expect(words(line)).toEqual(['connections-exhausted', 'connections-exhausted'])
    expect(told.map(({ name }) => name)).toEqual(['refused', 'refused', 'refused'])
  })

  test('comes in when a limit is raised, and is told of the limit that let it in', async () => {
    const { gate, line, told } = await heldGate()
    await gate.setLimits({ read: 2 })
    await settled()
    expect(words(line)).toEqual(['admitted', 'waiting'])
    expect(told).toMatchObject([{ name: 'admitted', inUse: 2, limit: 2 }])
  })

  test('is refused under the limit that holds by then', async () => {
    const { gate, clock, line } = await heldGate()
    await gate.setLimits({ read: 0 })
    clock.advance(1000)
    await settled()
    expect(line[0]!.outcome).toMatchObject({ problem: { limit: 0, in_use: 1 } })
  })

  test('comes in when the account is granted more', async () => {
    const { registry, line } = await heldGate()
    await registry.setAccount({ id: 'acme', limits: { read: 3 } })
    await settled()
    expect(words(line)).toEqual(['admitted', 'admitted'])
  })

  test('comes in as an open connection is ended', async () => {
    const { gate, holder, line } = await heldGate()
    await gate.end({ id: holder.connection.id }, 'over')
    await settled()
    expect(words(line)).toEqual(['admitted', 'waiting'])
  })

  test.each([
    ['suspended', 'account-suspended'],
    ['terminated', 'account-terminated'],
  ] as const)(
    'is refused at once as its account is %s, and what is open is ended',
    async (status, reason) => {
      const { gate, registry, holder, line, told } = await heldGate()
      const ends: string[] = []
      holder.carriedBy({ end: (why) => ends.push(why) })
      await registry.setAccount({ id: 'acme', status })
      await settled()
      expect(words(line)).toEqual([reason, reason])
      expect(ends).toEqual([reason])
      expect(told.filter(({ name }) => name === 'released')).toMatchObject([{ why: reason }])
      expect(told.filter(({ name }) => name === 'refused')).toHaveLength(2)
      expect(told.filter(({ name }) => name === 'admitted')).toEqual([])
      expect(await gate.connections()).toEqual([])
    },
  )

  test('is refused at once as its key is revoked; those with other keys wait on', async () => {
    const { registry, crm, clock, line } = await heldGate()
    const [credential] = crm.credentials
    await registry.setClient({ ...crm, credentials: [{ ...credential!, revokedAt: new Date(clock.now()) }] })
    await settled()
    expect(words(line)).toEqual(['credentials-invalid', 'waiting'])
  })

  test('is refused at once as its client is granted another API only', async () => {
    const { registry, crm, line } = await heldGate()
    await registry.setClient({ ...crm, apis: ['meetings'] })
    await settled()
    expect(words(line)).toEqual(['api-not-granted', 'waiting'])
  })

  test('is not let in with a key that has expired meanwhile, and the slot goes to the next', async () => {
    const accounts = twoAccounts()
    const set = await heldGate(accounts)
    const { registry, crm, clock, holder, line } = set
    const [credential] = crm.credentials
    await registry.setClient({
      ...crm,
      credentials: [{ ...credential!, expiresAt: new Date(clock.now() + 500) }],
    })
    clock.advance(500)
    holder.release()
    await settled()
    expect(words(line)).toEqual(['credentials-invalid', 'admitted'])
  })

  test('hears nothing of what changes for other accounts', async () => {
    const { registry, line, told } = await heldGate()
    await registry.setAccount({ id: 'globex', status: 'suspended' })
    await settled()
    expect(words(line)).toEqual(['waiting', 'waiting'])
    expect(told).toEqual([])
  })

  test('is refused as the gate closes, and holds nothing', async () => {
    const { gate, clock, line, told } = await heldGate()
    await gate.close()
    await settled()
    expect(words(line)).toEqual(['limits-unavailable', 'limits-unavailable'])
    expect(told.map(({ name }) => name).toSorted()).toEqual(['refused', 'refused', 'released'])
    expect(clock.timers).toBe(0)
  })
})

describe('a caller that hangs up', () => {
  test('leaves the line at once, and the one behind moves up', async () => {
    const { gate, keys, told, clock } = gateWith(WAITING)
    const holder = await admitted(gate, asking(keys.crm))
    const hangUp = new AbortController()
    const leaver = follow(gate.admit(asking(keys.crm), { signal: hangUp.signal }))
    const next = follow(gate.admit(asking(keys.wallboard)))
    await settled()
    hangUp.abort()
    await settled()
    expect([leaver.outcome?.admitted, next.word]).toEqual([false, 'waiting'])
    expect(told.map(({ name }) => name)).toEqual(['admitted', 'abandoned'])
    expect(told[1]).toMatchObject({ account: 'acme', client: 'acme-crm', class: 'read', path: '/v1/calls' })
    holder.release()
    await settled()
    expect(next.word).toBe('admitted')
    expect(clock.timers).toBe(1)
  })

  test('before it asked holds nothing, whether there is a slot or not', async () => {
    const { gate, keys, told } = gateWith(WAITING)
    for (const key of [keys.crm, keys.globex, keys.crm]) {
      await gate.admit(asking(key), { signal: AbortSignal.abort() })
      expect(await gate.connections()).toEqual([])
    }
    expect(told.filter(({ name }) => name === 'admitted')).toHaveLength(
      told.filter(({ name }) => name === 'released').length,
    )
  })

  test('in the moment it is let in holds nothing', async () => {
    const { gate, keys } = gateWith(WAITING)
    const holder = await admitted(gate, asking(keys.crm))
    const hangUp = new AbortController()
    const leaver = gate.admit(asking(keys.crm), { signal: hangUp.signal })
    await settled()
    holder.release()
    await Promise.resolve()
    hangUp.abort()
    await leaver
    await settled()
    expect(await gate.connections()).toEqual([])
  })

  test('leaves its signal without a listener, however it ends', async () => {
    const { gate, keys } = gateWith(WAITING)
    const { signal } = new AbortController()
    const counts = { added: 0, removed: 0 }
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      counts.added++
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
      counts.removed++
      removeEventListener.apply(signal, args)
    }
    const holder = await admitted(gate, asking(keys.crm))
    const waiter = gate.admit(asking(keys.crm), { signal })
    await settled()
    holder.release()
    await waiter
    expect(counts.added).toBe(counts.removed)
  })

  test('during the look-up is abandoned, and holds nothing', async () => {
    const { gate, keys, told, answer } = slowRegistry()
    const hangUp = new AbortController()
    const outcome = gate.admit(asking(keys.crm), { signal: hangUp.signal })
    await settled()
    hangUp.abort()
    answer()
    expect((await outcome).admitted).toBe(false)
    expect(told.map(({ name }) => name)).toEqual(['abandoned'])
    expect(await gate.connections()).toEqual([])
  })

  test('while its limit is told is abandoned, and holds nothing', async () => {
    let tell = (_: Limits) => {}
    const { gate, keys, told } = gateWith({
      limits: () => new Promise<Limits>((resolve) => (tell = resolve)),
    })
    const hangUp = new AbortController()
    const outcome = gate.admit(asking(keys.crm), { signal: hangUp.signal })
    await settled()
    hangUp.abort()
    tell({ read: 1 })
    expect((await outcome).admitted).toBe(false)
    expect(told.map(({ name }) => name)).toEqual(['abandoned'])
    expect(await gate.connections()).toEqual([])
  })
})

/** A gate whose registry answers when it is told to. */
function slowRegistry() {
  const { registry, ...accounts } = twoAccounts()
  const waiting: (() => void)[] = []
  const slow: Registry = {
    findByDigest: (digest) =>
      new Promise<Registration | undefined>((resolve) =>
        waiting.push(() => resolve(registry.peekByDigest(digest))),
      ),
    onChange: (listener) => registry.onChange(listener),
  }
  const set = gateWith({ registry: slow }, { ...accounts, registry })
  return { ...set, answer: () => waiting.splice(0).forEach((tell) => tell()) }
}

describe('a registry that has to be waited for', () => {
  test('ends what is open once it has said that the account is suspended', async () => {
    const { gate, keys, registry, answer, told } = slowRegistry()
    const outcome = gate.admit(asking(keys.crm))
    await settled()
    answer()
    const admission = await outcome
    if (!admission.admitted) throw new Error('refused')
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    await settled()
    expect(await gate.connections()).toHaveLength(1)
    answer()
    await settled()
    expect(await gate.connections()).toEqual([])
    expect(told.at(-1)).toMatchObject({ name: 'released', why: 'account-suspended' })
  })

  test('ends nothing when it cannot say what has changed', async () => {
    const { registry, ...accounts } = twoAccounts()
    let fails = false
    const failing: Registry = {
      findByDigest: (digest) =>
        fails ? Promise.reject(new Error('registry')) : registry.findByDigest(digest),
      onChange: (listener) => registry.onChange(listener),
    }
    const { gate, keys, told } = gateWith({ registry: failing }, { ...accounts, registry })
    await admitted(gate, asking(keys.crm))
    fails = true
    await registry.setAccount({ id: 'acme', name: 'Acme' })
    await settled()
    expect(told.at(-1)).toMatchObject({ name: 'warning', code: 'registry-failed' })
    expect(await gate.connections()).toHaveLength(1)
  })
})

test('everyone whom a raised limit lets in tells that limit', async () => {
  const { gate, line, told } = await heldGate()
  await gate.setLimits({ read: 10 })
  await settled()
  expect(words(line)).toEqual(['admitted', 'admitted'])
  expect(told).toMatchObject([
    { name: 'admitted', inUse: 2, limit: 10 },
    { name: 'admitted', inUse: 3, limit: 10 },
  ])
})

describe('limits from a function, for those who wait', () => {
  const waitingFor = async (limits: () => Limits | Promise<Limits>, count: number) => {
    const connections = { waitMs: 60_000, maxWaiting: count }
    const set = gateWith({ limits, connections })
    await admitted(set.gate, asking(set.keys.crm))
    const line = Array.from({ length: count }, () => follow(set.gate.admit(asking(set.keys.crm))))
    await settled()
    expect(words(line)).toEqual(line.map(() => 'waiting'))
    return { ...set, line }
  }

  test('are asked for once each as their account changes', async () => {
    let asked = 0
    const { registry } = await waitingFor(() => (asked++, { read: 1 }), 50)
    expect(asked).toBe(51)
    await registry.setAccount({ id: 'acme', name: 'Acme' })
    await settled()
    expect(asked).toBe(101)
  })

  test('that are never told keep no other limits from being set', async () => {
    let hangs = false
    const never = new Promise<Limits>(() => {})
    const { gate, keys, registry, clock, line } = await waitingFor(() => (hangs ? never : { read: 1 }), 1)
    hangs = true
    await registry.setAccount({ id: 'acme', name: 'Acme' })
    await settled()
    let isSet = false
    void gate.setLimits({ read: 2 }).then(() => (isSet = true))
    expect(outcomeOf(await gate.admit(asking(keys.globex)))).toBe('admitted')
    clock.advance(2000)
    await settled()
    expect([isSet, words(line)]).toEqual([true, ['admitted']])
  })
})

test('nobody is let in who got a slot before the limit was lowered, and was looked up while it was', async () => {
  const { registry, ...accounts } = twoAccounts()
  const lookups: (() => void)[] = []
  let slow = false
  const slowly: Registry = {
    findByDigest: (digest) =>
      slow
        ? new Promise((resolve) => lookups.push(() => resolve(registry.peekByDigest(digest))))
        : registry.findByDigest(digest),
  }
  const { gate, keys } = gateWith(
    { registry: slowly, limits: { read: 1 }, credentials: { cacheMs: 0 }, connections: { waitMs: 1000 } },
    { ...accounts, registry },
  )
  const first = await admitted(gate, asking(keys.crm))
  const second = gate.admit(asking(keys.crm))
  await settled()
  slow = true
  first.release()
  await settled()
  await gate.setLimits({ read: 0 })
  lookups.splice(0).forEach((answer) => answer())
  await settled()
  expect(await gate.connections()).toEqual([])
  await gate.close()
  expect(outcomeOf(await second)).toBe('limits-unavailable')
})
