import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { GateOptions } from '@api-terms/core'
import { settled } from '../clock.js'
import { apiOf, BY, TERMS_URL, told, type Api } from './setting.js'

// A machine starts with its clock ahead, and is set right: what had come by that clock comes once more.

const HOUR = 3_600_000
const START = Date.parse('2026-01-01')
const at = (hours: number) => new Date(START + hours * HOUR)

const FOR_EVER = { connections: { waitMs: 2 ** 31 - 1, maxHoldMs: Infinity, stallMs: Infinity } }

/** The clock is so far ahead as somebody asks, and then set right. */
async function aheadFor({ clock, ask }: Api, key: string, hours: number, sees: string | number) {
  clock.setNow(START + hours * HOUR)
  // Whatever has come is found within a minute.
  clock.advance(120_000)
  expect(await told(ask(key))).toBe(sees)
  clock.setNow(START)
}

const pass = async ({ clock }: Api, hours: number) => {
  clock.advance(hours * HOUR + 60_000)
  await settled()
}

test('6(a): an agreement that ends from a date ends again', async () => {
  const api = await apiOf({ options: FOR_EVER })
  const key = await api.client('crm')
  await api.registry.terminate({ account: 'acme', from: at(2), ...BY })
  await aheadFor(api, key, 5, 'account-terminated')
  const open = await api.stream(key)
  await pass(api, 2)
  expect(await open.ended).toMatch(/^cut off/)
  expect(api.released.at(-1)).toMatchObject({ why: 'account-terminated' })
})

test('2(d): a grant that begins lets in who waits again', async () => {
  const api = await apiOf({ options: { limits: { read: 1 }, ...FOR_EVER } })
  const key = await api.client('crm')
  await api.registry.grant({
    account: 'acme',
    limits: { read: 2 },
    consentedBy: 'sales',
    from: at(2),
    until: at(12),
    ...BY,
  })
  await aheadFor(api, key, 5, 200)
  await api.stream(key)
  const waiting = told(api.ask(key))
  await sleep(50)
  expect(await api.gate.connections()).toHaveLength(1)
  await pass(api, 2)
  expect(await waiting).toBe(200)
})

const inTime = (effectiveAt: Date): Partial<GateOptions> => ({
  ...FOR_EVER,
  terms: {
    url: TERMS_URL,
    graceMs: 2 * HOUR,
    versions: [
      { version: 'old', effectiveAt: new Date('2025-01-01') },
      { version: 'new', effectiveAt },
    ],
  },
})

test.each([
  ['of a version that was in force before the clock was set back', at(-1), 1],
  ['of a version that takes effect only then', at(1), 3],
])('8(a): a time to accept %s runs out again', async (_, effectiveAt, hours) => {
  const api = await apiOf({ options: inTime(effectiveAt), now: '2026-01-01' })
  const key = await api.client('crm')
  await api.registry.acceptTerms({ client: 'crm', version: 'old', entity: 'Acme Ltd', ...BY })
  await aheadFor(api, key, 5, 'terms-not-accepted')
  const open = await api.stream(key)
  await pass(api, hours)
  expect(await open.ended).toMatch(/^cut off/)
})
