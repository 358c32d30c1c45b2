import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRequest, type Admission, type Refusal } from '@api-terms/core'
import { settled } from '../../../test/clock.js'
import { isPending } from '../src/pending.js'
import { asking, gateWith, TestCarrier } from './gate-setting.js'

type KeyName = 'crm' | 'wallboard' | 'globex'
const ACCOUNT = { crm: 'acme', wallboard: 'acme', globex: 'globex' } as const

/** What may happen at a gate. Numbers stand for one of those who have come so far. */
type Step =
  | { do: 'come'; key: KeyName | undefined; method: 'GET' | 'POST' }
  | { do: 'release' | 'leave' | 'hold' | 'settleWork'; who: number }
  | { do: 'setLimits'; read: number; write: number }
  | { do: 'setStatus'; status: 'active' | 'suspended' }
  | { do: 'end'; filter: { account?: string; client?: string } }
  | { do: 'advance'; ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('come' as const),
      key: fc.constantFrom('crm' as const, 'wallboard' as const, 'globex' as const, undefined),
      method: fc.constantFrom('GET' as const, 'POST' as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('release' as const, 'leave' as const, 'hold' as const, 'settleWork' as const),
      who: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setLimits' as const), read: fc.nat(3), write: fc.nat(2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setStatus' as const),
      status: fc.constantFrom('active' as const, 'active' as const, 'suspended' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      filter: fc.constantFrom({ account: 'acme' }, { client: 'acme-crm' }, { client: 'nobody' }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(400) }) },
)

/** One who has come to the gate. */
interface Comer {
  outcome: Admission | Refusal | undefined
  readonly carrier: TestCarrier
  left: boolean
  leave(): void
  readonly work: (() => void)[]
}

/** A gate, everybody who has come to it, and counts kept from the outside, by events alone. */
function world(waitMs: number) {
  const limits = { read: 2, write: 1 }
  const connections = { waitMs, maxWaiting: 2, maxHoldMs: 1000 }
  const set = gateWith({ limits, connections })
  const { gate, keys } = set
  const inForce: Record<string, number> = { ...limits }
  const open = new Map<string, string>()
  const decided = { comers: 0, events: 0, wrong: [] as string[] }
  const countOf = (counter: string) => [...open.values()].filter((one) => one === counter).length

  gate.on('admitted', ({ account, class: name, connection, inUse, limit }) => {
    decided.events++
    const counter = `${account} ${name}`
    open.set(connection, counter)
    if (countOf(counter) > inForce[name]!)
      decided.wrong.push(`${countOf(counter)} ${counter} open under ${inForce[name]}`)
    // Who waited is told how many were open when its slot was granted; others may have ended since.
    const right = waitMs === 0 ? inUse === countOf(counter) : inUse >= countOf(counter) && inUse <= limit
    if (!right) decided.wrong.push(`${inUse} told, ${countOf(counter)} open`)
    if (limit !== inForce[name]) decided.wrong.push(`limit ${limit} told, ${inForce[name]} in force`)
  })
  gate.on('refused', () => decided.events++)
  gate.on('abandoned', () => decided.events++)
  gate.on('released', ({ connection }) => {
    if (!open.delete(connection)) decided.wrong.push('released, but not open')
  })

  const comers: Comer[] = []
  const come = (key: KeyName | undefined, method: 'GET' | 'POST') => {
    decided.comers++
    const comer: Comer = {
      outcome: undefined,
      carrier: new TestCarrier(),
      left: false,
      leave() {},
      work: [],
    }
    const settle = (outcome: Admission | Refusal) => {
      comer.outcome = outcome
      if (!outcome.admitted) return
      outcome.carriedBy(comer.carrier)
      if (comer.left) outcome.release()
    }
    const given = gate.decide(readRequest(asking(key && keys[key], method)))
    if (isPending(given)) {
      comer.leave = () => {
        comer.left = true
        given.leave()
      }
      void given.answer.then(settle)
    } else settle(given)
    comers.push(comer)
  }
  return { ...set, inForce, open, decided, comers, come, countOf }
}

async function take(next: Step, at: ReturnType<typeof world>): Promise<void> {
  if (next.do === 'come') return at.come(next.key, next.method)
  if (next.do === 'advance') return at.clock.advance(next.ms)
  if (next.do === 'end') return void (await at.gate.end(next.filter, 'over'))
  if (next.do === 'setStatus') return at.registry.setAccount({ id: 'acme', status: next.status })
  if (next.do === 'setLimits') {
    const { read, write } = next
    Object.assign(at.inForce, { read, write })
    return at.gate.setLimits({ read, write })
  }
  const comer = at.comers[next.who % Math.max(1, at.comers.length)]
  if (!comer) return
  const admission = comer.outcome?.admitted ? comer.outcome : undefined
  if (next.do === 'leave') comer.leave()
  else if (next.do === 'release') admission?.release()
  else if (next.do === 'settleWork') comer.work.shift()?.()
  else admission?.connection.holdUntil(new Promise<void>((resolve) => comer.work.push(resolve)))
}

test.each([0, 300])('any day at a gate (waiting %i ms) keeps the limits and the books', async (waitMs) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const at = world(waitMs)
      for (const next of steps) {
        await take(next, at)
        await settled(1)
        expect(at.decided.wrong).toEqual([])
        const listed = await at.gate.connections()
        expect(listed.map(({ id }) => id).toSorted()).toEqual([...at.open.keys()].toSorted())
        for (const comer of at.comers.filter(({ outcome }) => !outcome)) {
          // Whoever waits does so for a reason: no free slot stands beside a line.
          expect(comer.left).toBe(false)
          const free = ['acme', 'globex'].every((account) =>
            ['read', 'write'].every((name) => at.countOf(`${account} ${name}`) < at.inForce[name]!),
          )
          expect(free).toBe(false)
        }
      }
      for (const comer of at.comers) {
        comer.leave()
        if (comer.outcome?.admitted) comer.outcome.release()
        for (const settle of comer.work) settle()
      }
      await settled(1)
      expect([...at.open.values()]).toEqual([])
      expect(await at.gate.connections()).toEqual([])
      expect(at.decided.events).toBe(at.decided.comers)
      expect(at.comers.filter(({ outcome }) => !outcome)).toEqual([])
      expect(at.comers.filter(({ carrier }) => carrier.ends.length > 1)).toEqual([])
      await at.gate.close()
      expect(at.clock.timers).toBe(0)
    }),
    { numRuns: 150 },
  )
})

test('a gate that lets nobody wait decides as a count does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
      const at = world(0)
      let suspended = false
      for (const next of steps) {
        const name = next.do === 'come' && next.method === 'GET' ? 'read' : 'write'
        const due = (key: KeyName | undefined) => {
          if (!key) return 'credentials-missing'
          if (suspended && ACCOUNT[key] === 'acme') return 'account-suspended'
          return at.countOf(`${ACCOUNT[key]} ${name}`) < at.inForce[name]!
            ? 'admitted'
            : 'connections-exhausted'
        }
        const expected = next.do === 'come' ? due(next.key) : undefined
        if (next.do === 'setStatus') suspended = next.status === 'suspended'
        await take(next, at)
        const outcome = at.comers.at(-1)?.outcome
        if (expected) expect(outcome?.admitted ? 'admitted' : outcome?.reason).toBe(expected)
        await settled(1)
        if (suspended) expect(at.countOf('acme read') + at.countOf('acme write')).toBe(0)
      }
      await at.gate.close()
    }),
    { numRuns: 150 },
  )
})
