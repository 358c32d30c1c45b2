import { expect, test } from 'vitest'
import type { MemoryRegistry } from '@api-terms/core'
import { RawCaller } from '../callers/raw.js'
import { accepting, apiOf, BY, slowLookup, TERMS_URL, told, type Api } from './setting.js'

// What becomes of an acceptance while it is on its way.

const VERSIONS = [
  { version: '2026-01', effectiveAt: new Date('2026-01-01') },
  { version: '2026-07', effectiveAt: new Date('2026-07-01') },
]
const OPTIONS = { options: { terms: { url: TERMS_URL, versions: VERSIONS } } }
const BODY = JSON.stringify({ version: '2026-01', by: 'Ada Acme', entity: 'Acme Ltd' })

const REGISTRIES = {
  'a registry in memory': OPTIONS,
  'a registry that has to be waited for': { ...OPTIONS, lookup: slowLookup },
  'an acceptTerms of the provider’s own': {
    ...OPTIONS,
    lookup: slowLookup,
    router: (registry: MemoryRegistry) => ({ registry: slowly(registry) }),
  },
}

function slowly(registry: MemoryRegistry): Pick<MemoryRegistry, 'acceptTerms'> {
  return {
    async acceptTerms(acceptance) {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return registry.acceptTerms(acceptance)
    },
  }
}

/** Asks to accept, and is told to send the content. */
async function aboutToAccept({ port }: Api, key: string): Promise<RawCaller> {
  const caller = await RawCaller.to(port)
  caller.ask('POST', '/terms/acceptances', [
    ['Authorization', `Bearer ${key}`],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(BODY.length)],
    ['Expect', '100-continue'],
  ])
  await caller.until((text) => text.includes('100 Continue') || undefined)
  return caller
}

test.each(Object.entries(REGISTRIES))(
  '3(a): who is suspended while its acceptance is on its way accepts nothing: %s',
  async (_name, setting) => {
    const api = await apiOf(setting)
    const caller = await aboutToAccept(api, await api.client('crm'))
    await api.registry.suspend({ account: 'acme', ...BY })
    const { status, body } = await caller.send(BODY).answer()
    expect([status, JSON.parse(body)]).toMatchObject([403, { reason: 'account-suspended' }])
    expect(api.registry.client('crm')?.acceptances ?? []).toEqual([])
    expect(api.warnings).toEqual([])
  },
)

test.each(Object.entries(REGISTRIES))(
  '6(a): who is terminated while its acceptance is on its way is told so: %s',
  async (_name, setting) => {
    const api = await apiOf(setting)
    const caller = await aboutToAccept(api, await api.client('crm'))
    await api.registry.terminate({ account: 'acme', ...BY })
    const { fields, body } = await caller.send(BODY).answer()
    expect([JSON.parse(body), fields['clear-site-data']]).toMatchObject([
      { reason: 'account-terminated' },
      ['"cache"'],
    ])
    expect(api.warnings).toEqual([])
  },
)

test('6(a): who is terminated while its acceptance is being recorded is told so', async () => {
  const api: Api = await apiOf({
    ...OPTIONS,
    router: (registry) => ({
      registry: {
        async acceptTerms(acceptance) {
          await registry.terminate({ account: 'acme', ...BY })
          return registry.acceptTerms(acceptance)
        },
      },
    }),
  })
  const key = await api.client('crm')
  expect(await told(api.ask(key, '/terms/acceptances', accepting('2026-01')))).toBe('account-terminated')
  expect(api.warnings).toEqual([])
})

test.each(Object.entries(REGISTRIES))(
  '1(a): the same acceptance twice at once is recorded once, and answered twice: %s',
  async (_name, setting) => {
    const api = await apiOf(setting)
    const key = await api.client('crm')
    const callers = [await aboutToAccept(api, key), await aboutToAccept(api, key)]
    const answers = await Promise.all(callers.map((caller) => caller.send(BODY).answer()))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 201])
    expect(answers[0]?.body).toBe(answers[1]?.body)
    expect(api.registry.client('crm')?.acceptances).toHaveLength(1)
    expect(api.warnings).toEqual([])
  },
)

test('1(a): what was accepted before is answered with where the gate has not heard of it yet', async () => {
  const api = await apiOf({
    ...OPTIONS,
    // Without onChange: the gate believes for a while what it was told before.
    lookup: (registry) => ({ findByDigest: (digest) => registry.findByDigest(digest) }),
  })
  const key = await api.client('crm')
  const statuses: number[] = []
  for (let times = 0; times < 2; times++) {
    const answer = await api.ask(key, '/terms/acceptances', accepting('2026-01'))
    statuses.push(answer.status)
    expect(await answer.json()).toMatchObject({ version: '2026-01', by: 'Ada Acme', entity: 'Acme Ltd' })
  }
  expect([statuses, api.warnings]).toEqual([[201, 200], []])
})

test('8(a): a version that is superseded while its acceptance is on its way cannot be accepted any more', async () => {
  const api = await apiOf(OPTIONS)
  const caller = await aboutToAccept(api, await api.client('crm'))
  api.clock.setNow(Date.parse('2026-07-01'))
  expect((await caller.send(BODY).answer()).status).toBe(409)
})

test('1(a): an acceptTerms that resolves with nothing has recorded what was said', async () => {
  const api = await apiOf({ ...OPTIONS, router: { registry: { acceptTerms: () => Promise.resolve() } } })
  const key = await api.client('crm')
  const answer = await api.ask(key, '/terms/acceptances', accepting('2026-01'))
  expect([answer.status, await answer.json()]).toEqual([
    201,
    { version: '2026-01', by: 'Ada Acme', entity: 'Acme Ltd' },
  ])
})
