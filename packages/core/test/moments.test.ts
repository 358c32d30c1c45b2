import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TestClock } from '../../../test/clock.js'
import { Moments } from '../src/gate/moments.js'

function momentsWith(clock = new TestClock(0)) {
  const due: (string | undefined)[][] = []
  return { clock, due, moments: new Moments(clock, (accounts) => due.push([...accounts])) }
}

test('each moment comes at its time, or as little late as one look takes, whatever there is and whenever it is noted', () => {
  const noted = fc.record({
    account: fc.constantFrom('acme', 'globex', 'initech', undefined),
    in: fc.oneof(fc.nat(200), fc.nat(10_000_000)),
    wait: fc.nat(100_000),
  })
  fc.assert(
    fc.property(fc.array(noted, { maxLength: 12 }), (steps) => {
      const clock = new TestClock(0)
      const wanted = new Map<string | undefined, number>()
      const late: number[] = []
      const moments = new Moments(clock, (accounts) => {
        for (const account of accounts) {
          late.push(clock.now() - wanted.get(account)!)
          wanted.delete(account)
        }
      })
      for (const step of steps) {
        const at = clock.now() + step.in
        wanted.set(step.account, Math.min(at, wanted.get(step.account) ?? Infinity))
        moments.note(step.account, at)
        expect(clock.timers).toBe(1)
        clock.advance(step.wait)
      }
      clock.advance(20_000_000)
      expect(wanted.size).toBe(0)
      expect(late.filter((ms) => ms < 0 || ms > 50)).toEqual([])
      expect(clock.timers).toBe(0)
    }),
  )
})

test('a moment that is further away than a timer of Node lasts comes at its time', () => {
  const { clock, due, moments } = momentsWith()
  moments.note('acme', 2 ** 32)
  clock.advance(2 ** 32 - 1)
  expect(due).toEqual([])
  clock.advance(1)
  expect(due).toEqual([['acme']])
})

test('many moments close to each other cost one look', () => {
  const { clock, due, moments } = momentsWith()
  for (let at = 0; at < 1000; at++) moments.note(`account-${at}`, 1000 + at / 100)
  clock.advance(2000)
  expect(due.flat()).toHaveLength(1000)
  expect(due.length).toBeLessThanOrEqual(2)
})

test('the more accounts there are, the fewer looks, and none is later than a little', () => {
  const clock = new TestClock(0)
  const late: number[] = []
  let looks = 0
  const moments = new Moments(clock, (accounts) => {
    looks++
    for (const account of accounts) late.push(clock.now() - Number(account))
  })
  for (let at = 1; at <= 400_000; at++) moments.note(String(at / 40), at / 40)
  clock.advance(11_000)
  expect(late).toHaveLength(400_000)
  expect(late.reduce((one, other) => Math.max(one, other))).toBeLessThanOrEqual(201)
  expect(looks).toBeLessThan(150)
})

test('nothing comes once it is closed', () => {
  const { clock, due, moments } = momentsWith()
  moments.note('acme', 1000)
  moments.close()
  moments.note('globex', 500)
  clock.advance(10_000)
  expect([due, clock.timers]).toEqual([[], 0])
})
