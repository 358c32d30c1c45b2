import { expect, test } from 'vitest'
import { createLedger, type GateEventName, type LedgerEntry } from '@api-terms/core'
import { apiOf, BY, DAY } from './setting.js'

const EVENTS = ['admitted', 'refused', 'released', 'notice', 'misuse'] as const satisfies GateEventName[]

test('1(d): whoever reports on an account names its partner, in every event, entry, list and answer', async () => {
  const { gate, registry, client, ask, stream } = await apiOf({
    options: {
      limits: { read: 1 },
      misuse: { atLimit: { most: 1 } },
    },
  })
  const key = await client('crm')
  await registry.updateAccount({ account: 'acme', partner: 'resell', ...BY })
  await registry.terminate({ account: 'acme', from: new Date(Date.parse('2026-01-01') + 30 * DAY), ...BY })
  const entries: LedgerEntry[] = []
  const ledger = createLedger({ sinks: [(entry) => entries.push(entry)], tellFirst: 1 })
  ledger.follow(gate)
  ledger.followOperations(registry)
  const partners = new Map<string, Set<unknown>>()
  for (const name of EVENTS)
    gate.on(name, (event: { partner?: string }) =>
      partners.set(name, (partners.get(name) ?? new Set()).add(event.partner)),
    )

  const open = await stream(key)
  expect(await gate.connections()).toMatchObject([{ account: 'acme', partner: 'resell' }])
  for (let times = 0; times < 4; times++) expect((await ask(key)).status).toBe(429)
  expect(await (await ask(key, '/terms/account')).json()).toMatchObject({ account: { partner: 'resell' } })
  await registry.suspend({ partner: 'resell', ...BY })
  await open.ended
  await ledger.close()

  const named = new Set(['resell'])
  expect(Object.fromEntries(partners)).toEqual(Object.fromEntries(EVENTS.map((name) => [name, named])))
  expect(new Set(entries.map(({ what }) => what))).toEqual(
    new Set(['refused', 'ended', 'misuse', 'operation']),
  )
  expect(entries.filter(({ partner }) => partner !== 'resell')).toEqual([])
  // One told alone, and the others summed up.
  expect(entries.filter(({ what }) => what === 'refused').map(({ count }) => count)).toEqual([1, 3])
})
