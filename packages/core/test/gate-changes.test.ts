import { setTimeout as passed } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { issueKey, type Registration, type RegistryChange } from '@api-terms/core'
import { admitted, asking, digestOf, gateWith, outcomeOf } from './gate-setting.js'

/** A provider's database with as many accounts, which may be out of reach. */
function database(count: number) {
  const keys = Array.from({ length: count }, () => issueKey().key)
  const rows = new Map<string, Registration>()
  const put = (status: 'active' | 'suspended') => {
    for (const [i, key] of keys.entries()) {
      const credential = { digest: digestOf(key) }
      const client = { id: `client-${i}`, account: `account-${i}`, credentials: [credential] }
      rows.set(credential.digest, { account: { id: `account-${i}`, status }, client, credential })
    }
  }
  put('active')
  const listeners = new Set<(change: RegistryChange) => void>()
  const db = {
    keys,
    put,
    away: false,
    announce(account: string | undefined) {
      for (const listener of listeners) listener({ account } as RegistryChange)
    },
    registry: {
      findByDigest: (digest: string) =>
        db.away ? Promise.reject(new Error('away')) : Promise.resolve(rows.get(digest)),
      onChange(listener: (change: RegistryChange) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
  return db
}

describe('a change of the registry', () => {
  test('that cannot be looked up when it is told takes effect as soon as it can', async () => {
    const db = database(1)
    const { gate, clock } = gateWith({
      registry: db.registry,
      limits: { read: 1 },
      connections: { waitMs: 60_000 },
    })
    const open = await admitted(gate, asking(db.keys[0]))
    const waiting = gate.admit(asking(db.keys[0]))
    await passed(1)
    db.put('suspended')
    db.away = true
    db.announce('account-0')
    for (let i = 0; i < 4; i++) {
      clock.advance(500)
      await passed(1)
    }
    // Who is in stays while nobody can say anything against it.
    expect(open.connection.signal.aborted).toBe(false)
    db.away = false
    clock.advance(500)
    await passed(1)
    expect(open.connection.signal.aborted).toBe(true)
    expect(outcomeOf(await waiting)).toBe('account-suspended')
    await gate.close()
    expect(clock.timers).toBe(0)
  })

  test('of more accounts than may be looked up at once reaches all of them', async () => {
    const db = database(7)
    const { gate, clock } = gateWith({ registry: db.registry, credentials: { maxLookups: 2 } })
    const open = []
    for (const key of db.keys) open.push(await admitted(gate, asking(key)))
    db.put('suspended')
    db.announce(undefined)
    for (let i = 0; i < 5; i++) {
      await passed(1)
      clock.advance(500)
    }
    expect(open.map(({ connection }) => connection.signal.aborted)).not.toContain(false)
  })
})

describe('who waits for its limits', () => {
  /** A gate whose limits come when they are let out; how often they were asked for. */
  async function waitingForLimits() {
    let letOut!: () => void
    const out = new Promise<void>((resolve) => (letOut = resolve))
    let asked = 0
    const limits = async () => {
      asked++
      await out
      return { read: 5, write: 5 }
    }
    const set = gateWith({ limits })
    const outcome = set.gate.admit(asking(set.keys.crm))
    await passed(1)
    return { ...set, outcome, letOut, asked: () => asked }
  }

  test('is not held up by what changes of other accounts', async () => {
    const { registry, clock, gate, keys, outcome, letOut, asked } = await waitingForLimits()
    const digest = digestOf(keys.globex)
    const expiresAt = new Date(clock.now() + 1000)
    await registry.setClient({ id: 'globex-app', account: 'globex', credentials: [{ digest, expiresAt }] })
    const other = gate.admit(asking(keys.globex))
    clock.advance(1000)
    letOut()
    expect(outcomeOf(await outcome)).toBe('admitted')
    expect(outcomeOf(await other)).toBe('credentials-invalid')
    expect(asked()).toBe(2)
  })

  test('is looked at again where something changes of its own', async () => {
    const { registry, outcome, letOut } = await waitingForLimits()
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    letOut()
    expect(outcomeOf(await outcome)).toBe('account-suspended')
  })
})
