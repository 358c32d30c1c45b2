import { describe, expect, test } from 'vitest'
import { limitsInForce, nextChange, statusInForce } from '../src/accounts/in-force.js'
import type { Account, Grant } from '../src/registry.js'

const at = (ms: number) => new Date(ms)
const granted = (...grants: Omit<Grant, 'id' | 'consentedBy'>[]): Account => ({
  id: 'acme',
  limits: { read: 20 },
  grants: grants.map((grant, i) => ({ id: `g${i}`, consentedBy: 'sales', ...grant })),
})

describe('a status', () => {
  test('is active where nothing is said', () => {
    expect(statusInForce({ id: 'acme' }, 5)).toBe('active')
  })

  test('becomes terminated at the very moment of a notice (clause 6(a))', () => {
    const account: Account = { id: 'acme', status: 'suspended', terminatesAt: at(10) }
    expect([9, 10, 11].map((now) => statusInForce(account, now))).toEqual([
      'suspended',
      'terminated',
      'terminated',
    ])
  })

  test('is terminated where the date of the notice is none', () => {
    expect(statusInForce({ id: 'acme', terminatesAt: new Date('never') }, 0)).toBe('terminated')
  })

  test('is read from rows of databases too, where what is absent is null', () => {
    const row = { id: 'acme', status: null, terminatesAt: null, grants: null } as unknown as Account
    expect(statusInForce(row, 0)).toBe('active')
    expect(limitsInForce(row, 'telephony', 0)).toBeUndefined()
    expect(nextChange(row, 'telephony', 0)).toBeUndefined()
  })
})

describe('limits', () => {
  test('are those of the account where nothing is granted', () => {
    const account: Account = { id: 'acme', limits: { read: 20 } }
    expect(limitsInForce(account, 'telephony', 0)).toBe(account.limits)
    expect(limitsInForce({ id: 'acme' }, 'telephony', 0)).toBeUndefined()
  })

  test('are granted from a moment on, until just before another (clause 2(d))', () => {
    const account = granted({ limits: { read: 50 }, from: at(10), until: at(20) })
    const read = (now: number) => limitsInForce(account, 'telephony', now)?.['read']
    expect([9, 10, 19, 20].map(read)).toEqual([20, 50, 50, 20])
  })

  test('are granted class by class, and for one API or for all', () => {
    const account = granted({ limits: { write: 3 } }, { limits: { read: 50 }, api: 'meeting' })
    expect(limitsInForce(account, 'telephony', 0)).toEqual({ read: 20, write: 3 })
    expect(limitsInForce(account, 'meeting', 0)).toEqual({ read: 50, write: 3 })
  })

  test('are those of the later of two grants, also where it grants less', () => {
    const account = granted({ limits: { read: 50 } }, { limits: { read: 5 }, until: at(10) })
    expect([0, 10].map((now) => limitsInForce(account, 'telephony', now)?.['read'])).toEqual([5, 50])
  })

  test('are not granted from a date that is none, or until one', () => {
    const never = new Date('never')
    const account = granted({ limits: { read: 50 }, from: never }, { limits: { read: 60 }, until: never })
    expect(limitsInForce(account, 'telephony', 0)).toEqual({ read: 20 })
  })
})

describe('the next change', () => {
  test('is the first moment to come at which a grant begins or ends, or a notice comes', () => {
    const account = {
      ...granted(
        { limits: {}, from: at(10), until: at(30) },
        { limits: {}, until: at(20), api: 'telephony' },
      ),
      terminatesAt: at(40),
    }
    const moments = [0, 10, 20, 30, 40].map((now) => nextChange(account, 'telephony', now))
    expect(moments).toEqual([10, 20, 30, 40, undefined])
    expect(nextChange(account, 'meeting', 10)).toBe(30)
  })

  test('is one of a client too', () => {
    expect(nextChange({ terminatesAt: at(5) }, 'telephony', 4)).toBe(5)
    expect(nextChange({}, 'telephony', 4)).toBeUndefined()
  })
})
