import { deepStrictEqual } from 'node:assert'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createGate,
  issueKey,
  readRequest,
  writtenRecord,
  type AccountRegistry,
  type Clock,
  type HistoryEntry,
  type Operation,
  type RegistryError,
} from '@api-terms/core'
import { TestClock } from './clock.js'
import { BEFORE, NOW, REFUSED } from './registry-refusals.js'
import { historyOf, replayed, stateOf } from './registry-replay.js'

/** A registry without records, and what goes with it. */
export interface RegistryUnderTest {
  readonly registry: AccountRegistry
  /** Another one over the same records, as another process has it. */
  readonly another?: AccountRegistry
  /** Lets everything that was done reach both. */
  settle?(): Promise<void>
}

export type RegistryMaker = (clock: Clock) => RegistryUnderTest | Promise<RegistryUnderTest>

const DAY = 86_400_000
const MINUTE = 60_000
const OPS = { by: 'ops@provider.example' }
const MANY = 40
/** What takes one argument, and is done by somebody. */
const OPERATIONS = [
  'registerAccount',
  'updateAccount',
  'registerClient',
  'updateClient',
  'verify',
  'issueKey',
  'rotateKey',
  'revokeKey',
  'acceptTerms',
  'grant',
  'withdrawGrant',
  'suspend',
  'reinstate',
  'terminate',
] as const

/** What holds of every registry that can be written, whatever it keeps its records in. */
export function registryContract(name: string, makeRegistry: RegistryMaker): void {
  const opened: AccountRegistry[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((registry) => registry.close()))
  })
  const open: Open = async () => {
    const clock = new TestClock(NOW)
    const under = await makeRegistry(clock)
    const { registry, another = registry } = under
    opened.push(registry)
    if (another !== registry) opened.push(another)
    const settle = async () => under.settle?.()
    const acme = async () => {
      await registry.registerAccount({ id: 'acme', ...OPS })
      await registry.registerClient({ id: 'crm', account: 'acme', ...OPS })
    }
    return { registry, another, settle, clock, acme, later: (ms) => new Date(clock.now() + ms) }
  }
  describe(name, () => {
    registeringCases(open)
    keyCases(open)
    endOfKeyCases(open)
    consentCases(open)
    endedGrantCases(open)
    standingCases(open)
    noticeCases(open)
    recordCases(open)
    refusalCases(open)
    formCases(open)
    historyCases(open)
    outcomeCases(open)
    announcementCases(open)
    concurrencyCases(open)
  })
}

type Open = () => Promise<{
  readonly registry: AccountRegistry
  readonly another: AccountRegistry
  readonly clock: TestClock
  settle(): Promise<void>
  /** Registers the account `acme` and its client `crm`. */
  acme(): Promise<void>
  later(ms: number): Date
}>

function registeringCases(open: Open): void {
  test('registers an account and a client with all that the Terms ask for (clauses 1(c), 1(d), 2(c))', async () => {
    const { registry, another, later } = await open()
    const account = {
      id: 'acme',
      name: 'Acme',
      partner: 'resell',
      contacts: { technical: 'dev@acme.example', billing: '+1 555 0100', $odd: 'kept' },
      limits: { read: 50, write: Infinity },
    }
    const client = {
      id: 'crm',
      account: 'acme',
      name: 'CRM',
      apis: ['telephony'],
      contacts: { security: 'sec@acme.example' },
      privacyPolicyUrl: 'https://acme.example/privacy',
      networks: ['192.0.2.0/24', '2001:db8::/32', '::ffff:192.0.2.0/120'],
    }
    const registered = { ...account, verifiedAt: later(0) }
    expect(await registry.registerAccount({ ...account, ...OPS })).toEqual(registered)
    const withoutKeys = { ...client, verifiedAt: later(0), credentials: [] }
    expect(await registry.registerClient({ ...client, ...OPS })).toEqual(withoutKeys)
    expect(await another.account('acme')).toEqual(registered)
    expect(await another.client('crm')).toEqual(withoutKeys)
    expect(await another.clientsOf('acme')).toEqual([withoutKeys])
  })

  test('chooses ids where none are given', async () => {
    const { registry } = await open()
    const [one, other] = [await registry.registerAccount(OPS), await registry.registerAccount(OPS)]
    expect(one.id).not.toBe(other.id)
    const client = await registry.registerClient({ account: one.id, ...OPS })
    expect(await registry.client(client.id)).toEqual(client)
    expect(await registry.clientsOf(other.id)).toEqual([])
    expect(await registry.clientsOf('nobody')).toEqual([])
  })

  test('changes what is registered member by member, and takes away what is null', async () => {
    const { registry, acme } = await open()
    await acme()
    await registry.updateAccount({ account: 'acme', name: 'Acme', partner: 'resell', ...OPS })
    const account = await registry.updateAccount({
      account: 'acme',
      partner: null,
      limits: { read: 0 },
      ...OPS,
    })
    expect(account).toMatchObject({ name: 'Acme', limits: { read: 0 } })
    expect(account).not.toHaveProperty('partner')
    await registry.updateClient({ client: 'crm', apis: ['telephony'], networks: ['192.0.2.1'], ...OPS })
    const client = await registry.updateClient({ client: 'crm', apis: null, ...OPS })
    expect(client).toMatchObject({ networks: ['192.0.2.1'] })
    expect(client).not.toHaveProperty('apis')
  })

  test('notes when what is registered was confirmed (clause 1(c))', async () => {
    const { registry, clock, acme, later } = await open()
    await acme()
    clock.advance(DAY)
    await registry.verify({ client: 'crm', ...OPS })
    expect(await registry.client('crm')).toMatchObject({ verifiedAt: later(0) })
    expect(await registry.account('acme')).toMatchObject({ verifiedAt: later(-DAY) })
    await registry.verify({ account: 'acme', ...OPS })
    expect(await registry.account('acme')).toMatchObject({ verifiedAt: later(0) })
  })

  test('lists accounts in pages, all or those of a partner', async () => {
    const { registry } = await open()
    const ids = ['b', 'a', 'é', 'C', 'a b', 'd']
    for (const id of ids)
      await registry.registerAccount({ id, ...(id < 'c' && { partner: 'resell' }), ...OPS })
    const listed = Object.keys((await stateOf(registry)).accounts)
    expect(listed.toSorted()).toEqual(ids.toSorted())
    const resold = await registry.accounts({ partner: 'resell' })
    expect(resold.map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => id < 'c').toSorted())
    expect(await registry.accounts({ partner: 'nobody' })).toEqual([])
    for (const page of [{ limit: 0 }, { limit: 1.5 }, { afer: 'a' }])
      await refusesAsItAnswers(registry, () => registry.accounts(page))
  })
}

function keyCases(open: Open): void {
  test('issues a key that is found by its digest, and keeps the digest alone (clause 4(b))', async () => {
    const { registry, another, acme, later } = await open()
    await acme()
    const issued = await registry.issueKey({ client: 'crm', prefix: 'live', expiresAt: later(DAY), ...OPS })
    expect(issued.key).toMatch(/^live_/)
    const found = await another.findByDigest(issued.digest)
    expect(found).toMatchObject({ account: { id: 'acme' }, client: { id: 'crm' } })
    expect(found?.credential).toEqual(issued.credential)
    expect(issued.credential).toMatchObject({ hint: issued.hint, expiresAt: later(DAY) })
    expect(JSON.stringify([await stateOf(registry), await historyOf(registry)])).not.toContain(issued.key)
    expect(await registry.findByDigest(issueKey().digest)).toBeUndefined()
  })

  test('rotates a key: the old one lives on for the overlap', async () => {
    const { registry, acme, later } = await open()
    await acme()
    const old = await registry.issueKey({ client: 'crm', ...OPS })
    const name = old.credential.id
    const next = await registry.rotateKey({ client: 'crm', old: name, overlapMs: DAY, ...OPS })
    expect((await registry.findByDigest(old.digest))?.credential).toMatchObject({
      id: name,
      expiresAt: later(DAY),
    })
    expect((await registry.findByDigest(next.digest))?.credential).toEqual(next.credential)
    const last = await registry.rotateKey({ client: 'crm', old: next.digest, overlapMs: 0, ...OPS })
    expect((await registry.findByDigest(next.digest))?.credential).toMatchObject({ expiresAt: later(0) })
    expect((await registry.client('crm'))?.credentials).toHaveLength(3)
    expect((await registry.findByDigest(last.digest))?.credential).not.toHaveProperty('expiresAt')
  })

  test('lets no key live longer by rotating it', async () => {
    const { registry, acme, later } = await open()
    await acme()
    const old = await registry.issueKey({ client: 'crm', expiresAt: later(DAY), ...OPS })
    await registry.rotateKey({ client: 'crm', old: old.digest, overlapMs: 9 * DAY, ...OPS })
    expect((await registry.findByDigest(old.digest))?.credential).toMatchObject({ expiresAt: later(DAY) })
    const lasting = await registry.issueKey({ client: 'crm', ...OPS })
    await registry.rotateKey({ client: 'crm', old: lasting.digest, overlapMs: Infinity, ...OPS })
    expect((await registry.findByDigest(lasting.digest))?.credential).not.toHaveProperty('expiresAt')
  })

  test('revokes a key, and no other', async () => {
    const { registry, another, acme, later } = await open()
    await acme()
    const [one, other] = [
      await registry.issueKey({ client: 'crm', id: 'k1', ...OPS }),
      await registry.issueKey({ client: 'crm', id: 'k2', ...OPS }),
    ]
    await registry.revokeKey({ client: 'crm', credential: 'k1', ...OPS })
    expect((await another.findByDigest(one.digest))?.credential).toMatchObject({ revokedAt: later(0) })
    expect((await another.findByDigest(other.digest))?.credential).not.toHaveProperty('revokedAt')
  })
}

function endOfKeyCases(open: Open): void {
  test('refuses a key that was revoked, or replaced at once, also where the clock of who answers is behind', async () => {
    const { registry, another, settle, clock, acme } = await open()
    await acme()
    clock.advance(DAY)
    const ids = ['k1', 'k2', 'k3']
    const issued = await Promise.all(ids.map((id) => registry.issueKey({ client: 'crm', id, ...OPS })))
    const behind = { now: () => clock.now() - DAY }
    const gate = createGate({
      terms: { url: 'https://provider.example/terms' },
      registry: another,
      clock: behind,
      credentials: { cacheMs: 0 },
    })
    const answers = () =>
      Promise.all(
        issued.map(async ({ key }) => {
          const answer = await gate.admit(requestWith(key))
          if ('reason' in answer) return answer.reason
          answer.release()
          return 'admitted'
        }),
      )
    await settle()
    expect(await answers()).toEqual(['admitted', 'admitted', 'admitted'])
    await registry.revokeKey({ client: 'crm', credential: 'k1', ...OPS })
    await registry.rotateKey({ client: 'crm', old: 'k2', overlapMs: 0, ...OPS })
    await registry.rotateKey({ client: 'crm', old: 'k3', overlapMs: 1, ...OPS })
    await settle()
    expect(await answers()).toEqual(['credentials-invalid', 'credentials-invalid', 'admitted'])
    clock.setNow(NOW)
    expect(await answers()).toEqual(['credentials-invalid', 'credentials-invalid', 'admitted'])
    for (const credential of ['k1', 'k2']) {
      const again = registry.revokeKey({ client: 'crm', credential, ...OPS })
      await expect(again).rejects.toMatchObject({ fault: 'not-in-force' })
    }
    await gate.close()
  })

  test.each([Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity])(
    'lets both keys live on where the overlap of %d ms ends after the last date that there is',
    async (overlapMs) => {
      const { registry, acme, later } = await open()
      await acme()
      const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
      await registry.rotateKey({ client: 'crm', old: digest, overlapMs, ...OPS })
      const old = (await registry.findByDigest(digest))?.credential
      expect(old).toBeDefined()
      expect(old).not.toHaveProperty('expiresAt')
      const ends = await registry.issueKey({ client: 'crm', expiresAt: later(DAY), ...OPS })
      await registry.rotateKey({ client: 'crm', old: ends.digest, overlapMs, ...OPS })
      expect((await registry.findByDigest(ends.digest))?.credential).toMatchObject({ expiresAt: later(DAY) })
      expect(replayed(await historyOf(registry))).toEqual(await stateOf(registry))
    },
  )

  test('keeps the first and the last date that there are', async () => {
    const { registry, another, acme } = await open()
    await acme()
    const [first, last] = [new Date(-8.64e15), new Date(8.64e15)]
    const { digest } = await registry.issueKey({ client: 'crm', notBefore: first, expiresAt: last, ...OPS })
    const times = { from: first, until: last }
    await registry.grant({ account: 'acme', limits: { read: 1 }, consentedBy: 'sales', ...times, ...OPS })
    await registry.acceptTerms({ client: 'crm', version: '1', entity: 'Acme', at: first, ...OPS })
    await registry.terminate({ account: 'acme', from: last, ...OPS })
    expect(await another.findByDigest(digest)).toMatchObject({
      account: { terminatesAt: last, grants: [times] },
      client: { acceptances: [{ at: first }] },
      credential: { notBefore: first, expiresAt: last },
    })
  })
}

function requestWith(key: string) {
  return readRequest({ method: 'GET', target: '/', headers: { authorization: `Bearer ${key}` } })
}

function consentCases(open: Open): void {
  test('records who accepted which version, when and for which entity (clauses 1(a), 1(b))', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    const accepted = { client: 'crm', version: '2026-01', entity: 'Acme Ltd' }
    const first = await registry.acceptTerms({ ...accepted, by: 'jane@acme.example' })
    expect(first).toEqual({ version: '2026-01', at: later(0), by: 'jane@acme.example', entity: 'Acme Ltd' })
    clock.advance(DAY)
    const onPaper = { ...accepted, version: '2026-02', acceptedBy: 'joe', at: later(-DAY) }
    const second = await registry.acceptTerms({ ...onPaper, ...OPS })
    expect(second).toMatchObject({ by: 'joe', at: later(-DAY) })
    expect((await another.client('crm'))?.acceptances).toEqual([first, second])
  })

  test('grants limits with consent and for a while, and withdraws them (clause 2(d))', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    const consent = { account: 'acme', consentedBy: 'sales@provider.example', ...OPS }
    const times = { from: later(DAY), until: later(2 * DAY) }
    const one = await registry.grant({ ...consent, limits: { read: Infinity }, api: 'telephony', ...times })
    const other = await registry.grant({ ...consent, id: 'mine', limits: { write: 3 } })
    expect(one).toMatchObject({ ...times, api: 'telephony', limits: { read: Infinity } })
    expect((await another.account('acme'))?.grants).toEqual([one, other])
    await registry.withdrawGrant({ account: 'acme', grant: 'mine', ...OPS })
    expect((await another.account('acme'))?.grants).toEqual([one])
    clock.advance(3 * DAY)
    const last = await registry.grant({ ...consent, limits: { read: 20 } })
    expect((await another.account('acme'))?.grants).toEqual([last])
    await registry.withdrawGrant({ account: 'acme', grant: last.id, ...OPS })
    expect(await another.account('acme')).not.toHaveProperty('grants')
  })
}

function endedGrantCases(open: Open): void {
  test('takes a grant that has ended for one that is not there, whether it has gone from the record yet or not', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    const grant = { account: 'acme', limits: { read: 1 }, consentedBy: 'sales', ...OPS }
    await registry.grant({ ...grant, id: 'short', until: later(DAY) })
    await registry.grant({ ...grant, id: 'other', until: later(DAY) })
    await expect(registry.grant({ ...grant, id: 'short' })).rejects.toMatchObject({ fault: 'duplicate' })
    clock.advance(DAY)
    const ended = () => registry.withdrawGrant({ account: 'acme', grant: 'other', ...OPS })
    await expect(ended()).rejects.toMatchObject({ fault: 'unknown' })
    const again = await registry.grant({ ...grant, id: 'short', until: later(9 * DAY) })
    expect((await another.account('acme'))?.grants).toEqual([again])
    await expect(ended()).rejects.toMatchObject({ fault: 'unknown' })
    await registry.withdrawGrant({ account: 'acme', grant: 'short', ...OPS })
    expect(await another.account('acme')).not.toHaveProperty('grants')
  })
}

function standingCases(open: Open): void {
  test('suspends and reinstates an account, and a client of it (clause 3(a))', async () => {
    const { registry, another, acme } = await open()
    await acme()
    const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
    const statuses = async () => {
      const found = await another.findByDigest(digest)
      return [found?.account.status ?? 'active', found?.client.status ?? 'active']
    }
    await registry.suspend({ account: 'acme', ...OPS, why: 'unpaid' })
    expect(await statuses()).toEqual(['suspended', 'active'])
    await registry.suspend({ client: 'crm', ...OPS })
    await registry.reinstate({ account: 'acme', ...OPS })
    expect(await statuses()).toEqual(['active', 'suspended'])
    await registry.reinstate({ client: 'crm', ...OPS })
    expect(await statuses()).toEqual(['active', 'active'])
  })

  test('suspends the accounts of a partner together, and reinstates those that were not by themselves (clause 1(d))', async () => {
    const { registry } = await open()
    for (const id of ['a', 'b', 'c', 'd'])
      await registry.registerAccount({ id, partner: id === 'd' ? 'other' : 'resell', ...OPS })
    await registry.suspend({ account: 'b', ...OPS })
    const { accounts } = await registry.suspend({ partner: 'resell', ...OPS })
    expect(accounts.toSorted()).toEqual(['a', 'c'])
    // By itself too, from now on.
    await registry.suspend({ account: 'c', ...OPS })
    await registry.reinstate({ partner: 'resell', ...OPS })
    const { accounts: all } = await stateOf(registry)
    expect(['a', 'b', 'c', 'd'].map((id) => all[id]?.status)).toEqual([
      'active',
      'suspended',
      'suspended',
      undefined,
    ])
  })

  test('leaves who has gone to another partner suspended, until it is reinstated itself (clause 1(d))', async () => {
    const { registry } = await open()
    await registry.registerAccount({ id: 'a', partner: 'resell', ...OPS })
    await registry.registerAccount({ id: 'b', partner: 'other', ...OPS })
    await registry.suspend({ partner: 'resell', ...OPS })
    await registry.suspend({ partner: 'other', ...OPS })
    await registry.updateAccount({ account: 'a', partner: 'other', ...OPS })
    await registry.reinstate({ partner: 'other', ...OPS })
    expect((await registry.account('a'))?.status).toBe('suspended')
    await registry.reinstate({ account: 'a', ...OPS })
    expect((await registry.account('a'))?.status).toBe('active')
  })

  test('terminates at once, or from the date of a notice, which can be moved until it has come (clause 6(a))', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    await registry.terminate({ account: 'acme', from: later(9 * DAY), ...OPS })
    expect(await another.account('acme')).toMatchObject({ terminatesAt: later(9 * DAY) })
    await registry.terminate({ account: 'acme', from: later(DAY), ...OPS })
    await registry.suspend({ account: 'acme', ...OPS })
    await registry.reinstate({ account: 'acme', ...OPS })
    expect(await another.account('acme')).toMatchObject({ terminatesAt: later(DAY), status: 'active' })
    clock.advance(DAY)
    const tooLate = registry.terminate({ account: 'acme', from: later(DAY), ...OPS })
    await expect(tooLate).rejects.toMatchObject({ fault: 'terminated' })
    await expect(registry.issueKey({ client: 'crm', ...OPS })).rejects.toMatchObject({ fault: 'terminated' })
  })

  test('terminates a client and leaves the others of its account', async () => {
    const { registry, acme } = await open()
    await acme()
    await registry.registerClient({ id: 'wallboard', account: 'acme', ...OPS })
    await registry.terminate({ client: 'crm', from: new Date(0), ...OPS })
    expect(await registry.client('crm')).toMatchObject({ status: 'terminated' })
    await registry.issueKey({ client: 'wallboard', ...OPS })
  })

  test('ends all accounts of a partner, none of them later than by its own notice (clauses 1(d), 6(a))', async () => {
    const { registry, later } = await open()
    for (const id of ['a', 'b', 'c']) await registry.registerAccount({ id, partner: 'resell', ...OPS })
    await registry.terminate({ account: 'a', ...OPS })
    await registry.terminate({ account: 'b', from: later(DAY), ...OPS })
    await registry.terminate({ partner: 'resell', from: later(2 * DAY), ...OPS })
    const { accounts } = await stateOf(registry)
    expect([accounts['b']?.terminatesAt, accounts['c']?.terminatesAt]).toEqual([later(DAY), later(2 * DAY)])
    await registry.terminate({ partner: 'resell', ...OPS })
    const ended = Object.values((await stateOf(registry)).accounts)
    expect(ended.map(({ status, terminatesAt }) => [status, terminatesAt])).toEqual(
      ended.map(() => ['terminated', undefined]),
    )
  })
}

function noticeCases(open: Open): void {
  const partner = { partner: 'resell', ...OPS }

  test('moves the notice of a partner, to a later date too, and with it that of no account but those it was given to', async () => {
    const { registry, another, later } = await open()
    for (const id of ['a', 'b', 'c', 'd']) await registry.registerAccount({ id, ...partner })
    await registry.terminate({ account: 'a', from: later(2 * DAY), ...OPS })
    await registry.terminate({ account: 'b', from: later(6 * DAY), ...OPS })
    const endsAfter = async (days: number) => {
      await registry.terminate({ from: later(days * DAY), ...partner })
      const { accounts } = await stateOf(another)
      return ['a', 'b', 'c', 'd'].map((id) => (accounts[id]!.terminatesAt!.getTime() - NOW) / DAY)
    }
    expect(await endsAfter(4)).toEqual([2, 4, 4, 4])
    expect(await endsAfter(9)).toEqual([2, 6, 9, 9])
    expect(await endsAfter(1)).toEqual([1, 1, 1, 1])
    // From now on by itself.
    await registry.terminate({ account: 'c', from: later(3 * DAY), ...OPS })
    await registry.updateAccount({ account: 'd', partner: 'other', ...OPS })
    await registry.registerAccount({ id: 'e', ...partner })
    expect(await endsAfter(5)).toEqual([2, 5, 3, 1])
    expect(await another.account('e')).toMatchObject({ terminatesAt: later(5 * DAY) })
    expect(replayed(await historyOf(another))).toEqual(await stateOf(another))
  })

  test('takes a notice back, as long as its date has not come', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    for (const id of ['a', 'b']) await registry.registerAccount({ id, ...partner })
    await registry.terminate({ account: 'a', from: later(9 * DAY), ...OPS })
    await registry.terminate({ from: later(DAY), ...partner })
    await registry.terminate({ client: 'crm', from: later(DAY), ...OPS })
    await registry.terminate({ from: null, ...partner })
    expect(await another.account('a')).toEqual({
      id: 'a',
      partner: 'resell',
      verifiedAt: later(0),
      terminatesAt: later(9 * DAY),
    })
    expect(await another.account('b')).toEqual({ id: 'b', partner: 'resell', verifiedAt: later(0) })
    await registry.terminate({ account: 'a', from: null, ...OPS })
    await registry.terminate({ client: 'crm', from: null, ...OPS })
    expect(await another.account('a')).not.toHaveProperty('terminatesAt')
    expect(await another.client('crm')).not.toHaveProperty('terminatesAt')
    for (const who of [{ account: 'a' }, { client: 'crm' }, { partner: 'resell' }]) {
      const nothing = registry.terminate({ ...who, from: null, ...OPS })
      await expect(nothing).rejects.toMatchObject({ fault: 'unknown' })
    }
    await registry.terminate({ account: 'a', from: later(DAY), ...OPS })
    clock.advance(DAY)
    const tooLate = registry.terminate({ account: 'a', from: null, ...OPS })
    await expect(tooLate).rejects.toMatchObject({ fault: 'terminated' })
    expect(replayed(await historyOf(another))).toEqual(await stateOf(another))
  })
}

function recordCases(open: Open): void {
  test('takes records as they are, and takes them away', async () => {
    const { registry, another, later } = await open()
    const [{ digest }, { digest: next }] = [issueKey(), issueKey()]
    const credential = { digest, notBefore: later(0), revokedAt: later(DAY) }
    const client = { id: 'crm', account: 'acme', credentials: [credential] }
    const accounts = [{ id: 'acme', status: 'suspended' as const }, { id: 'globex' }]
    await registry.perform({ kind: 'import', accounts, clients: [client] }, OPS)
    expect(await another.findByDigest(digest)).toEqual({ account: accounts[0], client, credential })
    const moved = { ...client, account: 'globex', credentials: [{ digest: next }] }
    const { accounts: concerned } = await registry.perform({ kind: 'set-client', client: moved }, OPS)
    expect(concerned).toEqual(['acme', 'globex'])
    expect(await another.findByDigest(digest)).toBeUndefined()
    expect(await another.findByDigest(next)).toMatchObject({ account: { id: 'globex' } })
    expect([await another.clientsOf('acme'), await another.clientsOf('globex')]).toEqual([[], [moved]])
    await registry.perform({ kind: 'remove-account', account: 'globex' }, OPS)
    expect(await another.findByDigest(next)).toBeUndefined()
    expect(await another.client('crm')).toBeUndefined()
    await registry.perform({ kind: 'set-account', account: { id: 'acme' } }, OPS)
    await registry.perform({ kind: 'set-client', client }, OPS)
    await registry.perform({ kind: 'remove-client', client: 'crm' }, OPS)
    expect(await another.findByDigest(digest)).toBeUndefined()
    expect(await stateOf(another)).toEqual({ accounts: { acme: { id: 'acme' } }, clients: {} })
  })

  test('keeps ids apart that could be glued into the same text, or that every object has', async () => {
    const { registry } = await open()
    const ids = ['a:b', 'a', 'b', 'a:b:c', '__proto__', 'constructor', 'a%', 'a_', "a'b", 'ａ', '\u0000', '*']
    for (const id of ids) {
      expect(await registry.account(id)).toBeUndefined()
      await registry.registerAccount({ id, partner: id, ...OPS })
      await registry.registerClient({ id, account: id, ...OPS })
    }
    for (const id of ids) {
      expect((await registry.clientsOf(id)).map((client) => client.id)).toEqual([id])
      expect((await registry.accounts({ partner: id })).map((account) => account.id)).toEqual([id])
      expect(await historyOf(registry, id)).toHaveLength(2)
    }
  })
}

function refusalCases(open: Open): void {
  test('refuses what makes no sense, with its fault, and changes nothing', async () => {
    const { registry, another } = await open()
    for (const operation of BEFORE) await registry.perform(operation, OPS)
    const before = [await stateOf(another), await historyOf(another)]
    const answers: Record<string, unknown> = {}
    for (const [title, , operation] of REFUSED)
      answers[title] = await registry.perform(operation as Operation, OPS).then(
        () => 'done',
        (error: unknown) => faultOf(error),
      )
    expect(answers).toEqual(Object.fromEntries(REFUSED.map(([title, fault]) => [title, fault])))
    expect([await stateOf(another), await historyOf(another)]).toEqual(before)
  })

  test('refuses what is done by nobody', async () => {
    const { registry } = await open()
    for (const author of [{ by: '' }, {}, { by: 5 }, { ...OPS, why: 7 }]) {
      const done = registry.registerAccount({ id: 'acme', ...author } as never)
      await expect(done).rejects.toMatchObject({ code: 'API_TERMS_REGISTRY', fault: 'invalid' })
    }
    expect(await historyOf(registry)).toEqual([])
  })

  test('lists everything that is wrong with an operation, and shows no key that was put in the wrong place', async () => {
    const { registry, acme } = await open()
    await acme()
    const { key, digest } = issueKey()
    const wrong = registry.registerClient({
      id: '',
      account: 'acme',
      networks: ['x'],
      nme: 'CRM',
      ...OPS,
    } as never)
    await expect(wrong).rejects.toMatchObject({
      issues: [{ path: 'client' }, { path: 'details.networks[0]' }, { path: 'details.nme' }],
    })
    const misspelt = registry.issueKey({ client: 'crm', expires: new Date(), ...OPS } as never)
    await expect(misspelt).rejects.toMatchObject({ issues: [{ path: 'credential.expires' }] })
    const leaked = await registry.suspend({ account: key, ...OPS }).catch((error: unknown) => String(error))
    expect(leaked).not.toContain(key)
    await registry.suspend({ client: 'crm', by: key, why: `leaked ${key}, ${digest}` })
    expect(JSON.stringify(await historyOf(registry))).not.toContain(key)
  })

  test('keeps no key that was put where people read: in names and contacts, and of who did something, and why', async () => {
    const { registry, acme } = await open()
    await acme()
    const { key } = issueKey({ prefix: 'acme_live' })
    const contacts = { technical: `dev@acme.example, ${key}${key}` }
    expect(
      await registry.updateAccount({ account: 'acme', name: `id_${key}`, contacts, ...OPS }),
    ).toMatchObject({
      name: 'id_[key]',
      contacts: { technical: 'dev@acme.example, [key][key]' },
    })
    await registry.updateClient({ client: 'crm', name: `my ${key}`, contacts, by: key, why: `of ${key}` })
    const client = { id: 'pbx', account: 'acme', name: key, credentials: [] }
    await registry.perform({ kind: 'import', accounts: [{ id: 'x', name: key }], clients: [client] }, OPS)
    expect(JSON.stringify([await stateOf(registry), await historyOf(registry)])).not.toContain(key)
    expect(replayed(await historyOf(registry))).toEqual(await stateOf(registry))
  })

  test('refuses a key in the place of who accepts or consents', async () => {
    const { registry, acme, later } = await open()
    await acme()
    const { key } = issueKey()
    const before = await historyOf(registry)
    const accepted = { client: 'crm', version: '1', entity: 'Acme', acceptedBy: 'joe', ...OPS }
    const acceptances = [{ version: '1', at: later(0), by: key, entity: 'Acme' }]
    const client = { id: 'pbx', account: 'acme', credentials: [], acceptances }
    const grant = { account: 'acme', limits: { read: 1 }, consentedBy: `sales, ${key}`, ...OPS }
    for (const [path, refused] of [
      ['acceptedBy', registry.acceptTerms({ ...accepted, acceptedBy: key })],
      ['entity', registry.acceptTerms({ ...accepted, entity: `Acme ${key}` })],
      ['grant.consentedBy', registry.grant(grant)],
      ['client.acceptances[0].by', registry.perform({ kind: 'set-client', client }, OPS)],
    ] as const)
      await expect(refused).rejects.toMatchObject({ fault: 'invalid', issues: [{ path }] })
    expect(await historyOf(registry)).toEqual(before)
  })

  test('keeps ids of the form of a key as they are, wherever they stand: their checksum is none', async () => {
    const { registry, another, acme } = await open()
    await acme()
    const [ann, ben] = ['user_0a1b2c3d4e5f60718293a4b5c6d7e8f901234567', `user_${'0f'.repeat(20)}`]
    const accepted = { client: 'crm', version: '1', entity: ann, ...OPS }
    await registry.acceptTerms({ ...accepted, acceptedBy: ann })
    await registry.acceptTerms({ ...accepted, acceptedBy: ben })
    await registry.updateAccount({ account: 'acme', name: ann, contacts: { id: ben }, by: ann, why: ben })
    await registry.grant({ account: 'acme', limits: { read: 2 }, consentedBy: ann, ...OPS })
    await registry.issueKey({ client: 'crm', id: ben, ...OPS })
    expect(await another.client('crm')).toMatchObject({
      acceptances: [
        { by: ann, entity: ann },
        { by: ben, entity: ann },
      ],
      credentials: [{ id: ben }],
    })
    expect(await another.account('acme')).toMatchObject({
      name: ann,
      contacts: { id: ben },
      grants: [{ consentedBy: ann }],
    })
    expect((await historyOf(another))[4]).toMatchObject({ by: ann, why: ben })
  })

  test('says nothing of what was given for a credential that is none: a key, perhaps', async () => {
    const { registry, acme } = await open()
    await acme()
    const credential = 'sk-live-0123456789abcdef0123456789abcdef'
    const revoked = registry.revokeKey({ client: 'crm', credential, ...OPS })
    const rotated = registry.rotateKey({ client: 'crm', old: credential, overlapMs: 0, ...OPS })
    for (const refused of [revoked, rotated]) {
      const told = await refused.catch((error: unknown) => error as RegistryError)
      expect(told).toMatchObject({
        fault: 'unknown',
        message: expect.not.stringContaining(credential) as unknown,
      })
    }
  })
}

function formCases(open: Open): void {
  test('does what its method is named for, and refuses another kind as a member that is not known', async () => {
    const { registry, acme } = await open()
    await acme()
    const { id } = (await registry.issueKey({ client: 'crm', ...OPS })).credential
    const before = [await stateOf(registry), await historyOf(registry)]
    const kind = { kind: 'suspend', ...OPS }
    const account = { account: 'acme', ...kind }
    const client = { client: 'crm', ...kind }
    const asked: Record<string, () => Promise<unknown>> = {
      registerAccount: () => registry.registerAccount({ id: 'globex', ...kind }),
      updateAccount: () => registry.updateAccount({ name: 'Acme', ...account }),
      registerClient: () => registry.registerClient({ id: 'pbx', ...account }),
      updateClient: () => registry.updateClient({ name: 'CRM', ...client }),
      verify: () => registry.verify(account),
      issueKey: () => registry.issueKey(client),
      rotateKey: () => registry.rotateKey({ old: id, overlapMs: 0, ...client }),
      revokeKey: () => registry.revokeKey({ credential: id, ...client }),
      acceptTerms: () => registry.acceptTerms({ version: '1', entity: 'Acme', ...client }),
      grant: () => registry.grant({ limits: { read: 1 }, consentedBy: 'sales', ...account }),
      withdrawGrant: () => registry.withdrawGrant({ grant: 'g1', ...account }),
      suspend: () => registry.suspend(account),
      reinstate: () => registry.reinstate(account),
      terminate: () => registry.terminate(account),
    }
    for (const [name, ask] of Object.entries(asked)) {
      const issues = await ask().then(
        () => 'done',
        (error: unknown) => (error as RegistryError).issues.map(({ path }) => path.split('.').at(-1)),
      )
      expect([name, issues]).toEqual([name, ['kind']])
    }
    const set = { kind: 'set-account', account: { id: 'acme', limits: { read: Infinity } }, ...OPS }
    await expect(registry.verify(set as never)).rejects.toMatchObject({ fault: 'invalid' })
    expect([await stateOf(registry), await historyOf(registry)]).toEqual(before)
  })

  test('makes digest and hint of a key itself, and no key that is good for nothing', async () => {
    const { registry, acme, later } = await open()
    await acme()
    const old = (await registry.issueKey({ client: 'crm', ...OPS })).digest
    for (const details of [
      { digest: 'b'.repeat(64) },
      { hint: 'mine' },
      { revokedAt: later(0) },
      { ended: true },
      { prefix: '9' },
      { prefix: 7 },
    ]) {
      const issues = [{ path: `credential.${Object.keys(details)[0]}` }]
      const asked = { client: 'crm', ...details, ...OPS } as never as { client: string; by: string }
      await expect(registry.issueKey(asked)).rejects.toMatchObject({ fault: 'invalid', issues })
      const rotated = registry.rotateKey({ ...asked, old, overlapMs: 0 })
      await expect(rotated).rejects.toMatchObject({ fault: 'invalid', issues })
    }
    expect((await registry.client('crm'))?.credentials).toHaveLength(1)
  })

  test.each([undefined, null, 5, 'acme'])(
    'refuses to do %j, as what is not of the right form',
    async (nothing) => {
      const { registry, acme } = await open()
      await acme()
      const invalid = { code: 'API_TERMS_REGISTRY', fault: 'invalid' }
      for (const name of OPERATIONS) {
        const operation = registry[name] as (asked: unknown) => Promise<unknown>
        await expect(operation(nothing)).rejects.toMatchObject(invalid)
      }
      const verify = { kind: 'verify', account: 'acme' } as const
      await expect(registry.perform(verify, nothing as never)).rejects.toMatchObject(invalid)
      expect(await historyOf(registry)).toHaveLength(2)
    },
  )

  test.each([undefined, null, 5, {}])('refuses to look for %j', async (nobody) => {
    const { registry } = await open()
    for (const look of [registry.account, registry.client, registry.clientsOf] as ((id: never) => unknown)[])
      await refusesAsItAnswers(registry, () => look(nobody as never))
  })
}

/** One that answers with promises throws nothing past them, where nobody would catch it. */
async function refusesAsItAnswers(registry: AccountRegistry, ask: () => unknown): Promise<void> {
  const answersAtOnce = registry.peekByDigest !== undefined
  await expect(answersAtOnce ? async () => ask() : ask()).rejects.toMatchObject({ fault: 'invalid' })
}

function historyCases(open: Open): void {
  test('tells what was done, when, by whom and why, in order, and never alters it', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    clock.advance(DAY)
    const suspended = await registry.suspend({ account: 'acme', ...OPS, why: 'unpaid' })
    await registry.reinstate({ account: 'acme', ...OPS }).then(() => clock.advance(DAY))
    const history = await historyOf(another)
    expect(history.map(({ id }) => id)).toEqual([1, 2, 3, 4])
    expect(history[2]).toEqual(suspended)
    expect(suspended).toEqual({
      id: 3,
      time: later(-DAY),
      by: OPS.by,
      why: 'unpaid',
      operation: { kind: 'suspend', account: 'acme' },
      accounts: ['acme'],
    })
    await registry.perform({ kind: 'remove-account', account: 'acme' }, OPS)
    expect((await historyOf(another)).slice(0, 4)).toEqual(history)
  })

  test('is in the order of time too: where the clock is set back, nothing is done before what was done last', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    await registry.terminate({ account: 'acme', from: later(MINUTE), ...OPS })
    clock.advance(MINUTE)
    await another.registerAccount({ id: 'globex', ...OPS })
    clock.setNow(NOW)
    const moved = registry.terminate({ account: 'acme', from: later(9 * DAY), ...OPS })
    await expect(moved).rejects.toMatchObject({ fault: 'terminated' })
    const { time } = await registry.verify({ account: 'globex', ...OPS })
    expect(time).toEqual(later(MINUTE))
    expect(await another.account('globex')).toMatchObject({ verifiedAt: later(MINUTE) })
    const accepted = { version: '1', entity: 'Globex', by: 'joe' }
    await registry.registerClient({ id: 'pbx', account: 'globex', ...OPS })
    expect(await registry.acceptTerms({ client: 'pbx', ...accepted })).toMatchObject({ at: later(MINUTE) })
    const history = await historyOf(another)
    expect(history.map((entry) => entry.time)).toEqual(
      [0, 0, 0, 1, 1, 1, 1].map((minutes) => later(minutes * MINUTE)),
    )
    expect(replayed(history)).toEqual(await stateOf(another))
  })

  test('follows no clock that was more than a minute ahead: what is done after it is judged by the clock of who does it', async () => {
    const { registry, another, clock, acme, later } = await open()
    await acme()
    const { digest: old } = await registry.issueKey({ client: 'crm', ...OPS })
    clock.advance(MINUTE + 1)
    await another.registerAccount({ id: 'globex', ...OPS })
    clock.setNow(NOW)
    await registry.rotateKey({ client: 'crm', old, overlapMs: MINUTE, ...OPS })
    expect(await another.client('crm')).toMatchObject({ credentials: [{ expiresAt: later(MINUTE) }, {}] })
    await registry.terminate({ account: 'acme', from: later(MINUTE), ...OPS })
    expect((await another.account('acme'))?.status ?? 'active').toBe('active')
    await registry.terminate({ account: 'acme', from: later(9 * DAY), ...OPS })
    expect(
      await another.findByDigest((await registry.issueKey({ client: 'crm', ...OPS })).digest),
    ).toBeDefined()
    expect(await another.account('acme')).toMatchObject({ terminatesAt: later(9 * DAY) })
    expect((await another.account('acme'))?.status ?? 'active').toBe('active')
    const { time } = await registry.verify({ account: 'globex', ...OPS })
    expect(time).toEqual(later(0))
    expect(replayed(await historyOf(another))).toEqual(await stateOf(another))
  })

  test('is read in pages, of everything or of an account, those of its partner included', async () => {
    const { registry } = await open()
    for (const id of ['a', 'b', 'c'])
      await registry.registerAccount({ id, ...(id < 'c' && { partner: 'p' }), ...OPS })
    await registry.suspend({ partner: 'p', ...OPS })
    await registry.suspend({ account: 'c', ...OPS })
    const idsOf = async (account: string) => (await historyOf(registry, account)).map(({ id }) => id)
    expect([await idsOf('a'), await idsOf('b'), await idsOf('c'), await idsOf('d')]).toEqual([
      [1, 4],
      [2, 4],
      [3, 5],
      [],
    ])
    const page = await registry.history({ after: 1, limit: 2 })
    expect(page.map(({ id }) => id)).toEqual([2, 3])
    expect(await registry.history({ after: 5 })).toEqual([])
    for (const wrong of [{ limit: 0 }, { after: -1 }, { acount: 'a' }])
      await refusesAsItAnswers(registry, () => registry.history(wrong))
  })

  test('leads to the same records again', async () => {
    const { registry } = await open()
    for (const operation of BEFORE) await registry.perform(operation, OPS)
    const state = await stateOf(registry)
    expect(Object.keys(state.accounts)).toHaveLength(3)
    expect(replayed(await historyOf(registry))).toEqual(state)
  })
}

function outcomeCases(open: Open): void {
  test('gives out nothing that could alter what it keeps, dates included', async () => {
    const { registry, another, later, settle } = await open()
    const told: unknown[] = []
    registry.onOperation((entry) => told.push(entry))
    const by = OPS
    told.push(await registry.registerAccount({ id: 'acme', limits: { read: 5 }, ...by }))
    told.push(await registry.registerClient({ id: 'crm', account: 'acme', apis: ['telephony'], ...by }))
    const times = { from: later(0), until: later(DAY) }
    told.push(
      await registry.grant({ account: 'acme', limits: { read: 1 }, consentedBy: 'sales', ...times, ...by }),
    )
    told.push(await registry.acceptTerms({ client: 'crm', version: '1', entity: 'Acme', ...by }))
    const issued = await registry.issueKey({ client: 'crm', expiresAt: later(DAY), ...by })
    const { digest } = issued
    told.push(issued, await registry.rotateKey({ client: 'crm', old: digest, overlapMs: 5, ...by }))
    told.push(await registry.terminate({ account: 'acme', from: later(DAY), ...by }))
    await settle()
    const shown = async () => [
      await another.account('acme'),
      await another.client('crm'),
      await another.accounts(),
      await another.clientsOf('acme'),
      await another.history(),
      await another.findByDigest(digest),
      another.peekByDigest?.(digest),
    ]
    const before = writtenRecord(await shown())
    spoil([told, times, await shown()])
    expect(writtenRecord(await shown())).toBe(before)
    expect(replayed(await historyOf(another))).toEqual(await stateOf(another))
  })

  test('gives out dates like any others', async () => {
    const { registry, acme, later } = await open()
    await acme()
    const { verifiedAt } = (await registry.account('acme'))!
    expect(verifiedAt).toBeInstanceOf(Date)
    expect(verifiedAt!.toISOString()).toBe('2026-01-01T00:00:00.000Z')
    expect(structuredClone(verifiedAt)).toEqual(later(0))
    // As libraries for dates make a copy to work on.
    const copy = new (verifiedAt!.constructor as DateConstructor)(verifiedAt!)
    copy.setUTCDate(15)
    expect(copy).toEqual(later(14 * DAY))
  })

  test('gives out dates that strict comparison takes for any others', async () => {
    const { registry, another, acme, later } = await open()
    await acme()
    const time = later(0)
    const verified = { id: 'acme', verifiedAt: time }
    const client = { id: 'crm', account: 'acme', verifiedAt: time, credentials: [] }
    const ofNotice = ({ time: at, operation }: HistoryEntry) => ({ at, operation })
    const notice = { at: time, operation: { kind: 'terminate', account: 'acme', from: later(DAY) } }
    const accepted = { client: 'crm', version: '1', entity: 'Acme', ...OPS }
    const named = { account: 'acme', name: 'Acme', ...OPS }
    for (const [told, asExpected] of [
      [await another.account('acme'), verified],
      [await another.accounts(), [verified]],
      [await another.client('crm'), client],
      [await another.clientsOf('acme'), [client]],
      [await registry.updateAccount(named), { name: 'Acme', ...verified }],
      [await registry.acceptTerms(accepted), { version: '1', at: time, by: OPS.by, entity: 'Acme' }],
      [ofNotice(await registry.terminate({ account: 'acme', from: later(DAY), ...OPS })), notice],
      [ofNotice((await historyOf(another)).at(-1)!), notice],
    ])
      deepStrictEqual(told, asExpected)
  })
}

/** Does to everything within what somebody careless might do. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    spoil(member)
    attempt(() => Object.assign(value, { [name]: 'other' }))
  }
  if (value instanceof Date)
    for (const set of ['setTime', 'setFullYear', 'setUTCDate'] as const) attempt(() => value[set](1))
}

function attempt(deed: () => unknown): void {
  try {
    deed()
  } catch {
    // What throws has altered nothing.
  }
}

function announcementCases(open: Open): void {
  test('tells each account that an operation concerns, here and elsewhere, when it is in force', async () => {
    const { registry, another, settle, acme } = await open()
    const [here, elsewhere] = [new Set<string>(), new Set<string>()]
    registry.onChange(({ account }) => here.add(account))
    const leave = another.onChange(({ account }) => elsewhere.add(account))
    await acme()
    for (const id of ['a', 'b']) await registry.registerAccount({ id, partner: 'p', ...OPS })
    const told = async (operation: Operation) => {
      await settle()
      for (const set of [here, elsewhere]) set.clear()
      await registry.perform(operation, OPS)
      const atOnce = [...here]
      await settle()
      expect([...elsewhere].toSorted()).toEqual(atOnce.toSorted())
      return atOnce.toSorted()
    }
    expect(await told({ kind: 'suspend', account: 'acme' })).toEqual(['acme'])
    expect(await told({ kind: 'suspend', client: 'crm' })).toEqual(['acme'])
    expect(await told({ kind: 'suspend', partner: 'p' })).toEqual(['a', 'b'])
    expect(await told({ kind: 'remove-client', client: 'crm' })).toEqual(['acme'])
    leave()
    elsewhere.clear()
    await registry.reinstate({ account: 'acme', ...OPS })
    await settle()
    expect(elsewhere.size).toBe(0)
  })

  test('says nothing of what was refused', async () => {
    const { registry, settle, acme } = await open()
    await acme()
    await settle()
    const heard: unknown[] = []
    registry.onChange((change) => heard.push(change))
    registry.onOperation((entry) => heard.push(entry))
    await registry.reinstate({ account: 'acme', ...OPS }).catch(() => undefined)
    await settle()
    expect(heard).toEqual([])
  })

  test('tells the entry of each operation to who listens, and nothing to who has left', async () => {
    const { registry, acme } = await open()
    const heard: HistoryEntry[] = []
    const leave = registry.onOperation((entry) => heard.push(entry))
    await acme()
    leave()
    await registry.suspend({ account: 'acme', ...OPS })
    expect(heard).toEqual((await historyOf(registry)).slice(0, 2))
  })
}

function concurrencyCases(open: Open): void {
  test('loses nothing where many operations on one record run at once', async () => {
    const { registry, another, acme } = await open()
    await acme()
    const turns = Array.from({ length: MANY }, (_, i) => [i, i % 2 ? registry : another] as const)
    await Promise.all(
      turns.map(([i, each]) =>
        each.grant({ account: 'acme', id: `g${i}`, limits: { read: i }, consentedBy: 'sales', ...OPS }),
      ),
    )
    const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
    const issued = await Promise.all(turns.map(([, each]) => each.issueKey({ client: 'crm', ...OPS })))
    const grants = (await another.account('acme'))?.grants ?? []
    expect(grants.map(({ id }) => id).toSorted()).toEqual(turns.map(([i]) => `g${i}`).toSorted())
    const digests = (await another.client('crm'))?.credentials.map((credential) => credential.digest)
    expect(digests?.toSorted()).toEqual([digest, ...issued.map((each) => each.digest)].toSorted())
    const history = await historyOf(registry)
    expect(history.map(({ id }) => id)).toEqual(history.map((_, i) => i + 1))
    expect(replayed(history)).toEqual(await stateOf(registry))
  })

  test('lets one of many win that can only be done once', async () => {
    const { registry, another, acme } = await open()
    await acme()
    const { digest } = await registry.issueKey({ client: 'crm', ...OPS })
    const once = (operation: Operation) =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? registry : another).perform(operation, OPS).then(() => 'done', faultOf),
        ),
      ).then((each) => each.map(String).toSorted())
    const outcomes = [
      await once({ kind: 'register-account', account: 'globex', details: {} }),
      await once({ kind: 'issue-key', client: 'crm', credential: { digest: issueKey().digest } }),
      await once({ kind: 'revoke-key', client: 'crm', credential: digest }),
      await once({ kind: 'suspend', account: 'acme' }),
      await once({ kind: 'terminate', account: 'acme' }),
    ]
    const others = ['duplicate', 'duplicate', 'not-in-force', 'already-suspended', 'terminated']
    expect(outcomes).toEqual(
      others.map((fault) => ['done', ...Array.from({ length: 9 }, () => fault)].toSorted()),
    )
  })

  test('does the operations of one caller in the order in which they were asked for', async () => {
    const { registry, acme } = await open()
    const doing = [acme(), registry.registerAccount({ id: 'globex', ...OPS })]
    for (const name of ['one', 'two', 'three'])
      doing.push(registry.updateAccount({ account: 'globex', name, ...OPS }))
    await Promise.all(doing)
    expect(await registry.account('globex')).toMatchObject({ name: 'three' })
  })
}

function faultOf(error: unknown): unknown {
  return (error as { fault?: unknown }).fault ?? String(error)
}
