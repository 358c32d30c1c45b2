import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Identity } from '../src/credentials/index.js'
import type { Ground } from '../src/refusal.js'
import type { Registration } from '../src/registry.js'
import {
  bearer,
  checkOver,
  HandClock,
  HandRegistry,
  holder,
  mapRegistry,
  settled,
  told,
} from './credentials-setting.js'

/** Asks, and keeps what it comes to. */
function ask(check: ReturnType<typeof checkOver>['check'], key: string) {
  const asked: { told?: string; answer?: Identity | Ground } = {}
  const answer = check.identify(bearer(key))
  void Promise.resolve(answer).then((late) => Object.assign(asked, { told: told(late), answer: late }))
  return asked
}

describe('a look-up', () => {
  it('is shared by all who ask for the same key meanwhile', async () => {
    const [one, other] = [holder(), holder()]
    const registry = new HandRegistry()
    const { check } = checkOver(registry)
    const asked = [ask(check, one.key), ask(check, one.key), ask(check, other.key), ask(check, one.key)]
    expect(registry.asked).toHaveLength(2)
    registry.asked[0]?.answer(one.registration)
    await settled()
    expect(asked.map((each) => each.told)).toEqual(['acme', 'acme', undefined, 'acme'])
  })

  it('is believed for cacheMs from the moment the registry was asked', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check, clock } = checkOver(registry, { cacheMs: 100 })
    const first = ask(check, one.key)
    clock.pass(40)
    registry.asked[0]?.answer(one.registration)
    await settled()
    expect(first.told).toBe('acme')
    clock.pass(59)
    expect(check.identify(bearer(one.key))).toMatchObject({ account: { id: 'acme' } })
    clock.pass(1)
    expect(check.identify(bearer(one.key))).toBeInstanceOf(Promise)
  })

  it('is never believed where cacheMs is 0, but still shared', async () => {
    const one = holder()
    const registry = mapRegistry([one])
    const { check } = checkOver(registry, { cacheMs: 0 })
    await Promise.all([check.identify(bearer(one.key)), check.identify(bearer(one.key))])
    expect(registry.asked).toBe(1)
    await check.identify(bearer(one.key))
    expect(registry.asked).toBe(2)
  })

  it('of an unknown key is believed as well', async () => {
    const registry = mapRegistry([])
    const { check, clock } = checkOver(registry, { cacheMs: 100 })
    const { key } = holder()
    for (let i = 0; i < 5; i++) expect(told(await check.identify(bearer(key)))).toBe('credentials-invalid')
    expect(registry.asked).toBe(1)
    clock.pass(100)
    await check.identify(bearer(key))
    expect(registry.asked).toBe(2)
  })

  it('of any number of unknown keys does not push a known one out', async () => {
    const one = holder()
    const registry = mapRegistry([one])
    const { check } = checkOver(registry, { maxCached: 10 })
    await check.identify(bearer(one.key))
    for (let i = 0; i < 12_000; i++) await check.identify(bearer(holder().key))
    expect(check.identify(bearer(one.key))).not.toBeInstanceOf(Promise)
  })

  it('of more known keys than maxCached pushes out the one not used for longest', async () => {
    const holders = [holder(), holder(), holder()] as const
    const { check } = checkOver(mapRegistry(holders), { maxCached: 2 })
    for (const { key } of holders) await check.identify(bearer(key))
    expect(check.identify(bearer(holders[2].key))).not.toBeInstanceOf(Promise)
    expect(check.identify(bearer(holders[1].key))).not.toBeInstanceOf(Promise)
    expect(check.identify(bearer(holders[0].key))).toBeInstanceOf(Promise)
  })

  it('that takes longer than timeoutMs is given up, and what it comes to later is dropped quietly', async () => {
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    const one = holder()
    const registry = new HandRegistry()
    const { check, clock, failures } = checkOver(registry, { timeoutMs: 50 })
    const [first, second] = [ask(check, one.key), ask(check, one.key)]
    clock.pass(49)
    await settled()
    expect(first.told).toBeUndefined()
    clock.pass(1)
    await settled()
    expect([first.told, second.told]).toEqual(['registry-unavailable', 'registry-unavailable'])
    expect(first.answer).toMatchObject({ headers: { 'Retry-After': '1' } })
    expect(failures.map(String)).toEqual(['Error: the registry gave no answer within 50 ms'])

    const third = ask(check, one.key)
    registry.asked[0]?.fail(new Error('late'))
    await settled()
    expect(third.told).toBeUndefined()
    registry.asked[1]?.answer(one.registration)
    await settled()
    expect(third.told).toBe('acme')
    expect(failures).toHaveLength(1)
    expect(clock.timers).toBe(0)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('that fails is reported once and not remembered', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check, failures } = checkOver(registry)
    const asked = [ask(check, one.key), ask(check, one.key)]
    registry.asked[0]?.fail(new Error('gone'))
    await settled()
    expect(asked.map((each) => each.told)).toEqual(['registry-unavailable', 'registry-unavailable'])
    expect(failures).toEqual([new Error('gone')])
    const again = ask(check, one.key)
    registry.asked[1]?.answer(one.registration)
    await settled()
    expect(again.told).toBe('acme')
  })

  it('that throws at once, or answers without a promise, is like any other', async () => {
    const one = holder()
    let fails = true
    const { check, failures } = checkOver({
      findByDigest() {
        if (fails) throw new Error('at once')
        return one.registration as unknown as Promise<Registration>
      },
    })
    expect(told(await check.identify(bearer(one.key)))).toBe('registry-unavailable')
    expect(failures).toEqual([new Error('at once')])
    fails = false
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
  })

  it('that fails is answered, even where whoever is told of it fails too', async () => {
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    for (const onLookupFailed of [
      () => {
        throw new Error('listener')
      },
      // A listener that is async by mistake.
      (): unknown => Promise.reject(new Error('listener')),
    ]) {
      const { createCredentialCheck } = await import('../src/credentials/index.js')
      const check = createCredentialCheck(
        {},
        {
          api: 'a',
          registry: { findByDigest: () => Promise.reject(new Error('gone')) },
          clock: new HandClock(),
          onLookupFailed,
        },
      )
      expect(told(await check.identify(bearer(holder().key)))).toBe('registry-unavailable')
    }
    await settled()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is refused where maxLookups are under way, and those who share one are not counted', async () => {
    const holders = [holder(), holder(), holder()] as const
    const registry = new HandRegistry()
    const { check, failures } = checkOver(registry, { maxLookups: 2 })
    const [first] = [ask(check, holders[0].key), ask(check, holders[1].key), ask(check, holders[0].key)]
    const third = ask(check, holders[2].key)
    await settled()
    expect(third.told).toBe('registry-unavailable')
    expect(failures).toHaveLength(1)
    registry.asked[0]?.answer(holders[0].registration)
    await settled()
    expect(first?.told).toBe('acme')
    ask(check, holders[2].key)
    expect(registry.asked).toHaveLength(3)
  })
})

describe('a change in the registry', () => {
  it('is in force with the next request (lessons 15 and 16)', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check } = checkOver(registry, { cacheMs: 3_600_000 })
    ask(check, one.key)
    registry.asked[0]?.answer(one.registration)
    await settled()
    expect(check.identify(bearer(one.key))).not.toBeInstanceOf(Promise)

    registry.announce('globex')
    expect(check.identify(bearer(one.key))).not.toBeInstanceOf(Promise)
    registry.announce('acme')
    const after = ask(check, one.key)
    registry.asked[1]?.answer({ ...one.registration, account: { id: 'acme', status: 'suspended' } })
    await settled()
    expect(after.told).toBe('account-suspended')
  })

  it('of any account is a reason to look again for an unknown key, which may just have been issued', async () => {
    const one = holder()
    const registry = mapRegistry([])
    const hand = new HandRegistry()
    const { check } = checkOver(
      {
        findByDigest: (digest) => registry.findByDigest(digest),
        onChange: (listener) => hand.onChange(listener),
      },
      { cacheMs: 3_600_000 },
    )
    expect(told(await check.identify(bearer(one.key)))).toBe('credentials-invalid')
    registry.records.set(one.registration.credential.digest, one.registration)
    expect(told(await check.identify(bearer(one.key)))).toBe('credentials-invalid')
    hand.announce('acme')
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
  })

  it('during a look-up is not overrun by what was read before it, for nobody who waits (lesson 15)', async () => {
    const one = holder()
    const revoked = {
      ...one.registration,
      credential: { ...one.registration.credential, revokedAt: new Date(0) },
    }
    const registry = new HandRegistry()
    const { check } = checkOver(registry)
    const before = ask(check, one.key)
    registry.announce('acme')
    const after = ask(check, one.key)
    registry.asked[0]?.answer(one.registration)
    await settled()
    expect([before.told, after.told]).toEqual([undefined, undefined])
    expect(registry.asked).toHaveLength(2)
    registry.asked[1]?.answer(revoked)
    await settled()
    expect([before.told, after.told]).toEqual(['credentials-invalid', 'credentials-invalid'])
    expect(check.identify(bearer(one.key))).toMatchObject({ reason: 'credentials-invalid' })
  })

  it('of another account during a look-up costs no second one', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check } = checkOver(registry)
    const asked = ask(check, one.key)
    registry.announce('globex')
    registry.asked[0]?.answer(one.registration)
    await settled()
    expect(asked.told).toBe('acme')
    expect(registry.asked).toHaveLength(1)
  })

  it('at every look-up ends in a refusal, not in asking for ever', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check, failures } = checkOver(registry)
    const asked = ask(check, one.key)
    for (let i = 0; i < 20 && asked.told === undefined; i++) {
      registry.announce('acme')
      registry.asked[i]?.answer(one.registration)
      await settled()
    }
    expect(asked.told).toBe('registry-unavailable')
    expect(registry.asked).toHaveLength(6)
    expect(failures).toHaveLength(1)
  })

  it('that names no account is taken for a change of every account', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check } = checkOver(registry)
    ask(check, one.key)
    registry.asked[0]?.answer(one.registration)
    await settled()
    registry.announce(undefined as unknown as string)
    expect(check.identify(bearer(one.key))).toBeInstanceOf(Promise)
  })

  it('is not forgotten among any number of others', async () => {
    const one = holder()
    const registry = new HandRegistry()
    const { check } = checkOver(registry, { cacheMs: 3_600_000 })
    ask(check, one.key)
    registry.asked[0]?.answer(one.registration)
    await settled()
    registry.announce('acme')
    for (let i = 0; i < 10_500; i++) registry.announce(`other-${i}`)
    expect(check.identify(bearer(one.key))).toBeInstanceOf(Promise)
  })

  it('leaves no answer older than the last one of its account, in whatever order things happen', async () => {
    const accounts = ['acme', 'globex'] as const
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), key: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), nth: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), key: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(600) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), count: fc.nat(12) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 60, size: 'max' }), async (steps) => {
        // Two keys an account; a key may be there or not, and every change of an account gives it a new version, as its name.
        const holders = [0, 1, 2, 3].map((i) =>
          holder({ account: { id: accounts[i % 2] as string }, client: { id: `c${i}` } }),
        )
        const versions = { acme: 0, globex: 0 }
        const present = [true, false, true, false]
        const reading = (digest: string): Registration | undefined => {
          const i = holders.findIndex(({ registration }) => registration.credential.digest === digest)
          const found = (holders[i] as (typeof holders)[number]).registration
          const id = found.account.id as 'acme' | 'globex'
          return present[i] ? { ...found, account: { id, name: String(versions[id]) } } : undefined
        }
        const open: (() => void)[] = []
        const hand = new HandRegistry()
        // Judging takes a turn of its own.
        const { unjudged: check, clock } = checkOver({
          // Read at once, answered later: as old an answer as there can be.
          findByDigest: (digest) => {
            const read = reading(digest)
            return new Promise((resolve) => void open.push(() => resolve(read)))
          },
          onChange: (listener) => hand.onChange(listener),
        })
        const verdict = (i: number) => {
          const now = reading((holders[i] as (typeof holders)[number]).registration.credential.digest)
          return now ? now.account.name : 'credentials-invalid'
        }
        const expectTrue = (i: number, answer: Identity | Ground, alsoTrue?: string) => {
          if ('reason' in answer && answer.reason === 'registry-unavailable') return
          const said = 'reason' in answer ? answer.reason : answer.account.name
          if (said !== alsoTrue) expect(said).toBe(verdict(i))
        }
        const verdicts = () => [0, 1, 2, 3].map(verdict)
        const faults: unknown[] = []
        // A promise reaches who awaits it one turn after it was decided: what changes in that turn, looking again shows.
        let beforeTurn = verdicts()
        const arrive = (i: number, late: Identity | Ground) => {
          try {
            expectTrue(i, late, beforeTurn[i])
            const again = 'reason' in late ? undefined : check.recheck(late)
            if (again && !(again instanceof Promise)) expectTrue(i, again)
          } catch (error) {
            faults.push(error)
          }
        }
        for (const each of steps) {
          if (each.do === 'ask') {
            const answer = check.identify(bearer((holders[each.key] as (typeof holders)[number]).key))
            if (answer instanceof Promise) void answer.then((late) => arrive(each.key, late))
            else expectTrue(each.key, answer)
          } else if (each.do === 'answer') {
            if (open.length > 0) open.splice(each.nth % open.length, 1)[0]?.()
          } else if (each.do === 'change') {
            const id = accounts[each.key % 2] as 'acme' | 'globex'
            versions[id]++
            present[each.key] = !present[each.key]
            hand.announce(id)
          } else if (each.do === 'pass') clock.pass(each.ms)
          else {
            for (let i = 0; i < each.count; i++) {
              await Promise.resolve()
              beforeTurn = verdicts()
            }
          }
        }
        while (open.length > 0) {
          open.pop()?.()
          await settled()
        }
        expect(faults).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

describe('closing', () => {
  it('ends the subscription, the timers and the look-ups under way', async () => {
    const registry = new HandRegistry()
    const { check, clock } = checkOver(registry)
    const asked = ask(check, holder().key)
    expect([registry.listeners, clock.timers]).toEqual([1, 1])
    check.close()
    await settled()
    expect(asked.told).toBe('registry-unavailable')
    expect([registry.listeners, clock.timers]).toEqual([0, 0])
    check.close()
  })

  it('leaves nothing that would be believed, since changes are no longer heard of', async () => {
    const one = holder()
    const registry = mapRegistry([one])
    const { check } = checkOver(registry)
    await check.identify(bearer(one.key))
    check.close()
    await check.identify(bearer(one.key))
    await check.identify(bearer(one.key))
    expect(registry.asked).toBe(3)
  })
})
