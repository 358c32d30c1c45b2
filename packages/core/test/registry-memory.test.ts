import { describe, expect, it, vi } from 'vitest'
import { issueKey } from '../src/accounts/key.js'
import { memoryRegistry } from '../src/accounts/memory/memory-registry.js'
import type { OptionsError } from '../src/errors.js'
import type { Account, Client } from '../src/registry.js'
import { replayed, stateOf } from '../../../test/registry-replay.js'

const digest = () => issueKey().digest
const clientOf = (account: string, id: string, ...digests: string[]): Client => ({
  id,
  account,
  credentials: digests.map((each) => ({ digest: each })),
})

function issuesOf(make: () => unknown): Record<string, string> {
  try {
    make()
  } catch (error) {
    if ((error as OptionsError).code !== 'API_TERMS_OPTIONS') throw error
    return Object.fromEntries((error as OptionsError).issues.map(({ path, message }) => [path, message]))
  }
  return {}
}

describe('a registry in memory', () => {
  it('finds a registration by its digest, at once and with a promise', async () => {
    const [a, b] = [digest(), digest()]
    const registry = memoryRegistry({ accounts: [{ id: 'acme' }], clients: [clientOf('acme', 'crm', a, b)] })
    for (const each of [a, b]) {
      expect(registry.peekByDigest(each)).toMatchObject({
        account: { id: 'acme' },
        client: { id: 'crm' },
        credential: { digest: each },
      })
      expect(await registry.findByDigest(each)).toBe(registry.peekByDigest(each))
    }
    expect(registry.peekByDigest(digest())).toBeUndefined()
    expect(await registry.findByDigest(digest())).toBeUndefined()
  })

  it('lists everything that is wrong with its records at once, each with its path and the remedy', () => {
    const same = digest()
    const { key } = issueKey()
    const accounts = [
      { id: 'acme', limits: { read: -1, write: 1.5, bulk: Infinity }, stauts: 'active' },
      { id: 'acme' },
      { id: '', status: 'closed' },
      null,
    ]
    const clients = [
      { id: 'crm', account: 'nobody', credentials: [{ digest: same }] },
      {
        id: 'crm',
        account: 'acme',
        apis: 'telephony',
        credentials: [
          { digest: key },
          { digest: same, expiresAt: '2027-01-01', revokedAt: new Date('never'), expires: new Date() },
        ],
      },
      { id: 'pbx', account: 'acme' },
      { id: 'a', account: 'acme', credentials: [{ digest: same.toUpperCase() }] },
    ]
    const issues = issuesOf(() => memoryRegistry({ accounts, clients, client: [] } as never))
    expect(Object.keys(issues).toSorted()).toEqual(
      [
        'client',
        'accounts[0].limits.read',
        'accounts[0].limits.write',
        'accounts[0].stauts',
        'accounts[1].id',
        'accounts[2].id',
        'accounts[2].status',
        'accounts[3]',
        'clients[0].account',
        'clients[1].id',
        'clients[1].apis',
        'clients[1].credentials[0].digest',
        'clients[1].credentials[1].digest',
        'clients[1].credentials[1].expiresAt',
        'clients[1].credentials[1].revokedAt',
        'clients[1].credentials[1].expires',
        'clients[2].credentials',
        'clients[3].credentials[0].digest',
      ].toSorted(),
    )
    expect(issues['client']).toContain('did you mean clients?')
    expect(issues['accounts[0].stauts']).toContain('did you mean status?')
    expect(issues['clients[1].credentials[0].digest']).toContain('pass issueKey().digest')
    expect(issues['clients[2].credentials']).toBe('is missing')
    expect(JSON.stringify(issues)).not.toContain(key)
  })

  it('starts with ids of the form of a key, and with no key', () => {
    const { key, digest: of } = issueKey()
    const start = (id: string) => {
      const acceptances = [{ version: '1', at: new Date(0), by: id, entity: 'Acme' }]
      const client = { id: 'crm', account: 'acme', credentials: [{ id, digest: of }], acceptances }
      return memoryRegistry({ accounts: [{ id: 'acme' }], clients: [client] })
    }
    expect(start(`cred_${'0f'.repeat(20)}`).client('crm')?.credentials).toHaveLength(1)
    expect(Object.keys(issuesOf(() => start(key)))).toEqual([
      'clients[0].credentials[0].id',
      'clients[0].acceptances[0].by',
    ])
  })

  it('takes no two credentials, and no two grants, under one id', async () => {
    const credentials = [
      { id: 'k', digest: digest() },
      { id: 'k', digest: digest() },
    ]
    const grant = { id: 'g', limits: { read: 1 }, consentedBy: 'sales' }
    const accounts = [{ id: 'acme', grants: [grant, grant] }]
    const clients = [{ id: 'crm', account: 'acme', credentials }]
    expect(Object.keys(issuesOf(() => memoryRegistry({ accounts, clients })))).toEqual([
      'accounts[0].grants',
      'clients[0].credentials',
    ])
    const registry = memoryRegistry({ accounts: [{ id: 'acme' }] })
    await expect(registry.setClient(clients[0]!)).rejects.toMatchObject({
      issues: [{ path: 'client.credentials' }],
    })
  })

  it('starts with grants of one id of which one has an end: it may be over', () => {
    const grant = { id: 'g', limits: { read: 1 }, consentedBy: 'sales' }
    const grants = [{ ...grant, until: new Date(1) }, grant]
    expect(memoryRegistry({ accounts: [{ id: 'acme', grants }] }).account('acme')?.grants).toHaveLength(2)
  })

  it.each([
    5,
    null,
    'x',
    { accounts: {} },
    { clients: 'x' },
    { accounts: [5], clients: [null] },
    { clients: [{ credentials: [null] }] },
  ])('says what is wrong with %j instead of failing on it', (records) => {
    expect(Object.keys(issuesOf(() => memoryRegistry(records as never)))).not.toHaveLength(0)
  })

  it('copies what it is given, and gives nothing out that could be altered', () => {
    const expiresAt = new Date('2027-01-01')
    const account = { id: 'acme', status: 'active', limits: { read: 1 } } as {
      id: string
      status: Account['status']
      limits: Record<string, number>
    }
    const client = {
      id: 'crm',
      account: 'acme',
      apis: ['telephony'],
      credentials: [{ digest: digest(), expiresAt }],
    }
    const registry = memoryRegistry({ accounts: [account as Account], clients: [client] })
    account.status = 'terminated'
    account.limits['read'] = 99
    client.apis.push('meeting')
    expiresAt.setTime(0)
    expect(registry.account('acme')).toEqual({ id: 'acme', status: 'active', limits: { read: 1 } })
    const kept = registry.client('crm')
    expect(kept?.apis).toEqual(['telephony'])
    expect(kept?.credentials[0]?.expiresAt).toEqual(new Date('2027-01-01'))
    const found = registry.peekByDigest(client.credentials[0]?.digest ?? '')
    for (const each of [
      found,
      found?.account,
      found?.account.limits,
      kept,
      kept?.apis,
      kept?.credentials,
      kept?.credentials[0],
    ]) {
      expect(Object.isFrozen(each)).toBe(true)
    }
  })

  it('starts empty where nothing is given', () => {
    expect(memoryRegistry().peekByDigest(digest())).toBeUndefined()
  })
})

describe('a change of a registry in memory', () => {
  function setting() {
    const digests = [digest(), digest(), digest()] as const
    const registry = memoryRegistry({
      accounts: [{ id: 'acme' }, { id: 'globex' }],
      clients: [
        clientOf('acme', 'crm', digests[0]),
        clientOf('acme', 'wallboard', digests[1]),
        clientOf('globex', 'pbx', digests[2]),
      ],
    })
    const heard: string[] = []
    registry.onChange(({ account }) => heard.push(account))
    return { registry, digests, heard }
  }

  it('of an account shows in the registrations of all its clients, and is announced when it is in force', async () => {
    const { registry, digests } = setting()
    const seen: unknown[] = []
    registry.onChange(({ account }) => seen.push(account, registry.peekByDigest(digests[0])?.account.status))
    await registry.setAccount({ id: 'acme', status: 'suspended' })
    expect(seen).toEqual(['acme', 'suspended'])
    expect(digests.map((each) => registry.peekByDigest(each)?.account.status)).toEqual([
      'suspended',
      'suspended',
      undefined,
    ])
  })

  it('of a client replaces its keys', async () => {
    const { registry, digests, heard } = setting()
    const next = digest()
    await registry.setClient(clientOf('acme', 'crm', digests[0], next))
    expect(registry.peekByDigest(digests[0])).toBeDefined()
    await registry.setClient(clientOf('acme', 'crm', next))
    expect(registry.peekByDigest(digests[0])).toBeUndefined()
    expect(registry.peekByDigest(next)?.client.id).toBe('crm')
    expect(heard).toEqual(['acme', 'acme'])
  })

  it('that moves a client is a change of both accounts', async () => {
    const { registry, digests, heard } = setting()
    await registry.setClient(clientOf('globex', 'crm', digests[0]))
    expect(heard).toEqual(['acme', 'globex'])
    expect(registry.peekByDigest(digests[0])?.account.id).toBe('globex')
    await registry.removeAccount('acme')
    expect(registry.peekByDigest(digests[0])?.account.id).toBe('globex')
    expect(registry.client('wallboard')).toBeUndefined()
  })

  it('that removes an account takes its clients and keys with it', async () => {
    const { registry, digests, heard } = setting()
    await registry.removeAccount('acme')
    await registry.removeAccount('acme')
    expect(digests.map((each) => registry.peekByDigest(each) === undefined)).toEqual([true, true, false])
    expect([registry.account('acme'), registry.client('crm')]).toEqual([undefined, undefined])
    expect(heard).toEqual(['acme'])
    await registry.setAccount({ id: 'acme' })
    await registry.setClient(clientOf('acme', 'crm', digests[0]))
    expect(registry.peekByDigest(digests[0])?.client.id).toBe('crm')
  })

  it('that removes a client takes its keys with it', async () => {
    const { registry, digests, heard } = setting()
    await registry.removeClient('crm')
    await registry.removeClient('crm')
    expect(registry.peekByDigest(digests[0])).toBeUndefined()
    expect(registry.peekByDigest(digests[1])).toBeDefined()
    expect(heard).toEqual(['acme'])
  })

  it('that is wrong is refused as a whole', async () => {
    const { registry, digests, heard } = setting()
    const wrong = [
      registry.setClient(clientOf('nobody', 'crm', digest())),
      registry.setClient(clientOf('acme', 'crm', digests[2])),
      registry.setClient({ ...clientOf('acme', 'crm', digest()), stat: 'active' } as never),
      registry.setAccount({ id: 'acme', limits: { read: Number.NaN } }),
      registry.setAccount(null as never),
    ]
    for (const each of wrong) await expect(each).rejects.toMatchObject({ code: 'API_TERMS_OPTIONS' })
    const twice = digest()
    await expect(registry.setClient(clientOf('acme', 'crm', twice, twice))).rejects.toMatchObject({
      issues: [{ path: 'client.credentials[1].digest' }],
    })
    expect(registry.peekByDigest(digests[0])?.client.id).toBe('crm')
    expect(heard).toEqual([])
  })

  it('reaches every listener, also where one of them throws, and nobody who has left', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const { registry, heard } = setting()
    const leave = registry.onChange(() => heard.push('left'))
    registry.onChange(() => {
      throw new Error('listener')
    })
    registry.onChange(() => heard.push('last'))
    leave()
    leave()
    await registry.setAccount({ id: 'acme' })
    expect(heard).toEqual(['acme', 'last'])
    expect(warned).toHaveBeenCalledOnce()
    warned.mockRestore()
  })
})

describe('the history of a registry in memory', () => {
  it('begins with what the registry was given, and holds what is set past the operations', async () => {
    const registry = memoryRegistry({
      accounts: [{ id: 'acme' }],
      clients: [clientOf('acme', 'crm', digest())],
    })
    await registry.setAccount({ id: 'acme', status: 'terminated' })
    await registry.setAccount({ id: 'acme' }, { by: 'ops', why: 'by mistake' })
    await registry.setClient(clientOf('acme', 'pbx', digest()))
    await registry.removeClient('crm', { by: 'ops' })
    await registry.removeClient('crm')
    await registry.suspend({ client: 'pbx', by: 'ops' })
    const history = registry.history()
    expect(history.map(({ operation, by, why }) => [operation.kind, by, why])).toEqual([
      ['import', 'provider', 'given at the start'],
      ['set-account', 'provider', undefined],
      ['set-account', 'ops', 'by mistake'],
      ['set-client', 'provider', undefined],
      ['remove-client', 'ops', undefined],
      ['suspend', 'ops', undefined],
    ])
    expect(replayed(history)).toEqual(await stateOf(registry))
    await registry.removeAccount('acme')
    await registry.removeAccount('acme')
    expect(registry.history()).toHaveLength(7)
    expect(replayed(registry.history())).toEqual({ accounts: {}, clients: {} })
  })

  it('is empty where the registry was', () => {
    expect(memoryRegistry().history()).toEqual([])
  })

  it('shares with the records what nobody can alter, dates included', () => {
    const date = new Date('2027-01-01')
    const registry = memoryRegistry({
      accounts: [
        { id: 'plain', limits: { read: 1 } },
        { id: 'noticed', terminatesAt: date },
      ],
      clients: [
        { id: 'plain', account: 'plain', apis: ['telephony'], credentials: [{ digest: digest() }] },
        { id: 'ends', account: 'plain', credentials: [{ digest: digest(), expiresAt: date }] },
      ],
    })
    const [entry] = registry.history()
    const { operation } = entry!
    if (operation.kind !== 'import') throw new Error(`is ${operation.kind}`)
    const { accounts, clients } = operation
    const [plain, ends] = clients.map(({ credentials }) => registry.peekByDigest(credentials[0]!.digest))
    expect(plain?.account).toBe(accounts[0])
    expect(plain?.client).toBe(clients[0])
    expect(ends?.client).toBe(clients[1])
    for (const fixed of [accounts[1]!.terminatesAt!, clients[1]!.credentials[0]!.expiresAt!]) {
      expect(() => fixed.setTime(0)).toThrow('cannot be set: set a copy')
      expect(fixed).toEqual(new Date('2027-01-01'))
    }
  })

  it('holds copies that nobody can alter', async () => {
    const registry = memoryRegistry()
    const limits = { read: 1 }
    const until = new Date(Date.now() + 1000)
    await registry.registerAccount({ id: 'acme', limits, by: 'ops' })
    await registry.grant({ account: 'acme', limits, until, consentedBy: 'sales', by: 'ops' })
    limits.read = 99
    until.setTime(0)
    expect(registry.account('acme')?.grants).toMatchObject([{ limits: { read: 1 } }])
    expect(registry.account('acme')?.grants?.[0]?.until?.getTime()).toBeGreaterThan(0)
    expect(replayed(registry.history())).toEqual(await stateOf(registry))
    for (const entry of registry.history())
      for (const each of [entry, entry.accounts, entry.operation]) expect(Object.isFrozen(each)).toBe(true)
  })
})

it('an operation on a registry in memory is in force before anybody has waited for it', async () => {
  const same = digest()
  const registry = memoryRegistry({ accounts: [{ id: 'acme' }], clients: [clientOf('acme', 'crm', same)] })
  const done = registry.suspend({ account: 'acme', by: 'ops' })
  expect(registry.peekByDigest(same)?.account.status).toBe('suspended')
  await done
})

it('a copy whose findByDigest is another is asked through that', () => {
  const registry = memoryRegistry()
  expect('peekByDigest' in { ...registry }).toBe(false)
  expect('peekByDigest' in registry).toBe(true)
})
