import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { memoryRegistry } from '../src/accounts/memory/memory-registry.js'
import type { Registration, Registry } from '../src/registry.js'
import {
  basic,
  bearer,
  challengesOf,
  checkOver,
  HandClock,
  holder,
  mapRegistry,
  requestWith,
  told,
} from './credentials-setting.js'
import type { Holder } from './credentials-setting.js'

const SECOND = 1000
const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms)

/** The same records behind a registry that is asked at once and one that has to be waited for and is believed for a while. */
const kinds = {
  'a registry that answers at once': (one: Holder): Registry => {
    const { account, client, credential } = one.registration
    return memoryRegistry({ accounts: [account], clients: [{ ...client, credentials: [credential] }] })
  },
  'a registry that is waited for': (one: Holder): Registry => mapRegistry([one]),
}

it.each([false, null, 0, 'no', at(SECOND)])(
  "a credential of a registry of the provider's own, with a member ended of its own (%j), is good",
  async (ended) => {
    const one = holder({ credential: { ended } as object })
    const { check } = checkOver(mapRegistry([one]))
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
  },
)

describe.each(Object.entries(kinds))('with %s', (_kind, registryOf) => {
  it('a key stops at the moment it expires, also when its look-up is still believed', async () => {
    const one = holder({ credential: { expiresAt: at(10 * SECOND) } })
    const { check, clock } = checkOver(registryOf(one), { cacheMs: 3_600_000 })
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
    clock.pass(10 * SECOND - 1)
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
    clock.pass(1)
    expect(told(await check.identify(bearer(one.key)))).toBe('credentials-invalid')
  })

  it('a key starts at the moment it is good from, also when its look-up is still believed', async () => {
    const one = holder({ credential: { notBefore: at(SECOND) } })
    const { check, clock } = checkOver(registryOf(one), { cacheMs: 3_600_000 })
    expect(told(await check.identify(bearer(one.key)))).toBe('credentials-invalid')
    clock.pass(SECOND)
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
  })

  it('a key is refused from the moment of its revocation on', async () => {
    const one = holder({ credential: { revokedAt: at(SECOND) } })
    const { check, clock } = checkOver(registryOf(one), { cacheMs: 3_600_000 })
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
    clock.pass(SECOND)
    expect(told(await check.identify(bearer(one.key)))).toBe('credentials-invalid')
  })

  it.each([
    ['account-suspended', { account: { status: 'suspended' } }],
    ['account-suspended', { client: { status: 'suspended' } }],
    ['account-terminated', { account: { status: 'terminated' } }],
    ['account-terminated', { client: { status: 'terminated' } }],
    ['account-terminated', { account: { status: 'suspended' }, client: { status: 'terminated' } }],
    ['account-terminated', { account: { status: 'terminated' }, client: { status: 'suspended' } }],
    ['account-suspended', { client: { status: 'suspended', apis: ['meeting'] } }],
    ['api-not-granted', { client: { apis: ['meeting', 'telephony-2'] } }],
    ['api-not-granted', { client: { apis: [] } }],
    ['credentials-invalid', { account: { status: 'terminated' }, credential: { revokedAt: at(0) } }],
    ['acme', { client: { apis: ['meeting', 'telephony'] } }],
    ['acme', { account: { status: 'active' }, client: { status: 'active' } }],
  ] as const)('the answer is %s for %j', async (reason, changes) => {
    const one = holder(changes)
    const { check } = checkOver(registryOf(one))
    expect(told(await check.identify(bearer(one.key)))).toBe(reason)
    expect(told(await check.identify(bearer(one.key)))).toBe(reason)
  })
})

describe('a key that is not valid', () => {
  it('gets the very same answer, whatever is wrong with it (clause 4(a)7)', () => {
    const expired = holder({ account: { id: 'a' }, client: { id: 'a1' }, credential: { expiresAt: at(0) } })
    const revoked = holder({ account: { id: 'b' }, client: { id: 'b1' }, credential: { revokedAt: at(0) } })
    const early = holder({
      account: { id: 'c', status: 'suspended' },
      client: { id: 'c1' },
      credential: { notBefore: at(1) },
    })
    const all = [expired, revoked, early].map(({ registration }) => registration)
    const { check } = checkOver(
      memoryRegistry({
        accounts: all.map(({ account }) => account),
        clients: all.map(({ client, credential }) => ({ ...client, credentials: [credential] })),
      }),
    )
    const keys = [
      expired.key,
      revoked.key,
      early.key,
      holder().key,
      `${expired.key.slice(0, -1)}~`,
      'short',
      'a'.repeat(256),
    ]
    for (const send of [
      bearer,
      (key: string) => basic('a1', key),
      (key: string) => requestWith([['x-api-key', key]]),
    ]) {
      const answers = keys.map((key) => check.identify(send(key)))
      expect(new Set(answers).size).toBe(1)
      expect(answers[0]).toMatchObject({ reason: 'credentials-invalid' })
    }
  })

  it('is refused without a look-up where its checksum or its prefix is wrong', async () => {
    const one = holder()
    const registry = mapRegistry([one])
    const { check } = checkOver(registry, { prefix: 'key' })
    const mistyped = one.key.slice(0, -1) + (one.key.endsWith('a') ? 'b' : 'a')
    for (const key of [mistyped, 'invented', holder().key.replace('key_', 'kez_')]) {
      expect(told(await check.identify(bearer(key)))).toBe('credentials-invalid')
    }
    expect(registry.asked).toBe(0)
    expect(told(await check.identify(bearer(one.key)))).toBe('acme')
    expect(registry.asked).toBe(1)
  })
})

describe('keys of the provider’s own making', () => {
  const own = 'Zm9v.own-key~1'

  it('are looked up by their digest where format is any, and not otherwise', async () => {
    const asked: string[] = []
    const registry: Registry = {
      async findByDigest(given) {
        asked.push(given)
        return undefined
      },
    }
    expect(told(await checkOver(registry).check.identify(bearer(own)))).toBe('credentials-invalid')
    expect(asked).toEqual([])
    await checkOver(registry, { format: 'any' }).check.identify(bearer(own))
    await checkOver(registry, { format: 'any', prefix: 'Zm9' }).check.identify(bearer(own))
    await checkOver(registry, { format: 'any', prefix: 'zm9' }).check.identify(bearer(own))
    expect(asked).toHaveLength(2)
    expect(asked[0]).toBe(createHash('sha256').update(own).digest('hex'))
  })

  it('are hinted at by their digest, never by themselves', async () => {
    const registry: Registry = {
      async findByDigest(given) {
        const { account, client } = holder().registration
        return { account, client, credential: { digest: given } }
      },
    }
    const answer = await checkOver(registry, { format: 'any' }).check.identify(bearer(own))
    expect('hint' in answer && answer.hint).toMatch(/^sha256:…[0-9a-f]{6}$/)
  })
})

describe('what a registry answers', () => {
  const good = holder()
  const { account, client, credential } = good.registration

  it.each<[string, unknown]>([
    [
      'another’s credential',
      { account, client, credential: { digest: holder().registration.credential.digest } },
    ],
    ['a digest in upper case', { account, client, credential: { digest: credential.digest.toUpperCase() } }],
    ['a digest cut short', { account, client, credential: { digest: credential.digest.slice(1) } }],
    [
      'a digest that is longer in bytes',
      { account, client, credential: { digest: `${credential.digest.slice(1)}é` } },
    ],
    ['a client of another account', { account, client: { ...client, account: 'globex' }, credential }],
    ['null', null],
  ])('lets nobody in where it is %s', async (_name, answer) => {
    const direct = checkOver({
      findByDigest: async () => undefined,
      peekByDigest: () => answer as Registration,
    })
    const waited = checkOver({ findByDigest: async () => answer as Registration })
    expect(told(await direct.check.identify(bearer(good.key)))).toBe('credentials-invalid')
    expect(told(await waited.check.identify(bearer(good.key)))).toBe('credentials-invalid')
    expect([...direct.failures, ...waited.failures]).toEqual([])
  })

  it.each<[string, unknown]>([
    ['a number', 5],
    ['a text', 'acme'],
    ['nothing of what is needed', {}],
    ['an account without an id', { account: {}, client, credential }],
    ['a client that is null', { account, client: null, credential }],
    ['no credential', { account, client }],
    ['an unknown status', { account: { ...account, status: 'closed' }, client, credential }],
    ['an unknown status of the client', { account, client: { ...client, status: 'Active' }, credential }],
    [
      'a text for the list of APIs',
      { account, client: { ...client, apis: 'telephony, meeting' }, credential },
    ],
    ['a text for a date', { account, client, credential: { ...credential, expiresAt: '2027-01-01' } }],
    ['a date that is none', { account, client, credential: { ...credential, expiresAt: new Date('never') } }],
    ['a number for a date', { account, client, credential: { ...credential, revokedAt: 0 } }],
    [
      'what throws when it is read',
      {
        get account() {
          throw new Error('lazy')
        },
      },
    ],
  ])('is a failure that is reported, and no crash, where it is %s', async (_name, answer) => {
    const direct = checkOver({
      findByDigest: async () => undefined,
      peekByDigest: () => answer as Registration,
    })
    const waited = checkOver({ findByDigest: async () => answer as Registration })
    for (const { check, failures } of [direct, waited]) {
      const refused = await check.identify(bearer(good.key))
      expect(refused).toMatchObject({ reason: 'registry-unavailable', headers: { 'Retry-After': '1' } })
      expect(failures).toHaveLength(1)
      expect(String(failures[0])).not.toContain(good.key)
    }
  })

  it('lets nobody in where it is a record of another key', () => {
    const records = memoryRegistry({ accounts: [account], clients: [client] })
    const { check } = checkOver({
      findByDigest: async () => undefined,
      peekByDigest: () => records.peekByDigest(credential.digest),
    })
    expect(check.identify(bearer(good.key))).toMatchObject({ account: { id: 'acme' } })
    expect(check.identify(bearer(holder().key))).toMatchObject({ reason: 'credentials-invalid' })
  })

  it('may have null where a member is absent, as rows of databases do', async () => {
    const row = {
      account: { ...account, status: null },
      client: { ...client, status: null, apis: null },
      credential: { ...credential, notBefore: null, expiresAt: null, revokedAt: null },
    }
    const { check } = checkOver({ findByDigest: async () => row as unknown as Registration })
    expect(told(await check.identify(bearer(good.key)))).toBe('acme')
  })

  it('may be a throw at once, which is a failure like any other', () => {
    const { check, failures } = checkOver({
      findByDigest: async () => undefined,
      peekByDigest: () => {
        throw new Error('gone')
      },
    })
    expect(check.identify(bearer(good.key))).toMatchObject({ reason: 'registry-unavailable' })
    expect(failures).toEqual([new Error('gone')])
  })
})

describe('looking again at an identity', () => {
  it('answers what its credential would get now', async () => {
    const one = holder()
    const { account, client } = one.registration
    const registry = memoryRegistry({ accounts: [account], clients: [client] })
    const { check } = checkOver(registry)
    const identity = await check.identify(basic('acme-crm', one.key))
    if ('reason' in identity) throw new Error(identity.reason)

    expect(check.recheck(identity)).toEqual(identity)
    await registry.setAccount({ ...account, name: 'Acme', status: 'suspended' })
    expect(check.recheck(identity)).toBe(check.identify(basic('acme-crm', one.key)))
    expect(check.recheck(identity)).toMatchObject({ reason: 'account-suspended' })
    await registry.setAccount({ ...account, name: 'Acme' })
    expect(check.recheck(identity)).toMatchObject({
      account: { name: 'Acme' },
      hint: identity.hint,
      field: 'Authorization',
    })
    await registry.removeClient('acme-crm')
    expect(check.recheck(identity)).toMatchObject({ reason: 'credentials-invalid' })
    await registry.setClient({ ...client, id: 'acme-new' })
    expect(check.recheck(identity)).toMatchObject({ reason: 'credentials-invalid' })
  })

  it('keeps to the scheme in its challenges', async () => {
    const one = holder({ client: { apis: ['telephony'] } })
    const registry = memoryRegistry({
      accounts: [one.registration.account],
      clients: [one.registration.client],
    })
    const { check } = checkOver(registry)
    const byBearer = await check.identify(bearer(one.key))
    const byHeader = await check.identify(requestWith([['x-api-key', one.key]]))
    if ('reason' in byBearer || 'reason' in byHeader) throw new Error('refused')
    await registry.setClient({ ...one.registration.client, apis: [] })
    expect(challengesOf(await check.recheck(byBearer))).toEqual([
      expect.stringMatching(/^Bearer realm="telephony", error="insufficient_scope", error_description="/),
    ])
    expect(challengesOf(await check.recheck(byHeader))).toEqual([])
  })
})

it('an identity holds no key', async () => {
  const one = holder()
  const { check } = checkOver(mapRegistry([one]), {}, new HandClock())
  expect(JSON.stringify(await check.identify(bearer(one.key)))).not.toContain(one.key.slice(4, 36))
})
