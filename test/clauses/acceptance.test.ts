import { describe, expect, test } from 'vitest'
import type { GateOptions } from '@api-terms/core'
import { settled } from '../clock.js'
import { accepting, apiOf, BY, DAY, FRAMEWORKS, TERMS_URL, told } from './setting.js'

const VERSIONS = [
  { version: '2026-01', effectiveAt: new Date('2026-01-01') },
  { version: '2026-07', effectiveAt: new Date('2026-07-01'), url: `${TERMS_URL}/2026-07` },
]
const inTime = (more: Partial<GateOptions['terms']> = {}): { options: Partial<GateOptions> } => ({
  options: { terms: { url: TERMS_URL, versions: VERSIONS, graceMs: 30 * DAY, ...more } },
})
const linkTo = (url: string) => `<${url}>; rel="terms-of-service"`
const dueOf = (response: Response) => response.headers.get('terms-acceptance-due')

describe.each(FRAMEWORKS)('%s', (framework) => {
  test('1(a): who has accepted nothing is refused, accepts with its own key, and comes in at once', async () => {
    const { ask, client, registry } = await apiOf({ framework, ...inTime() })
    const key = await client('crm')
    expect(await told(ask(key))).toBe('terms-not-accepted')
    const accepted = await ask(key, '/terms/acceptances', accepting('2026-01'))
    expect([accepted.status, await accepted.json()]).toEqual([
      201,
      { version: '2026-01', at: '2026-01-01T00:00:00.000Z', by: 'Ada Acme', entity: 'Acme Ltd' },
    ])
    expect(await told(ask(key))).toBe(200)
    const [entry] = registry.history().slice(-1)
    expect([entry?.operation.kind, entry?.by]).toEqual(['accept-terms', 'client crm'])
  })

  test('8(a): a version that takes effect is warned of, with its text and a date, and refused after it', async () => {
    const { ask, client, clock, notices } = await apiOf({ framework, ...inTime() })
    const key = await client('crm')
    await ask(key, '/terms/acceptances', accepting('2026-01'))
    const before = await ask(key)
    expect([before.status, dueOf(before), before.headers.get('link')]).toEqual([200, null, linkTo(TERMS_URL)])

    clock.setNow(Date.parse('2026-07-01'))
    for (let times = 0; times < 3; times++) {
      const warned = await ask(key)
      expect([warned.status, dueOf(warned)]).toEqual([200, '@1785456000;version="2026-07"'])
      expect(warned.headers.get('link')).toBe(linkTo(`${TERMS_URL}/2026-07`))
    }
    expect(notices).toMatchObject([
      {
        code: 'terms-acceptance-due',
        account: 'acme',
        client: 'crm',
        version: '2026-07',
        due: new Date('2026-07-31'),
      },
    ])

    clock.setNow(Date.parse('2026-07-31') - 1)
    expect(await told(ask(key))).toBe(200)
    clock.setNow(Date.parse('2026-07-31'))
    const refused = await ask(key)
    expect([refused.status, refused.headers.get('link')]).toEqual([403, linkTo(`${TERMS_URL}/2026-07`)])
    expect(await refused.json()).toMatchObject({
      type: `${TERMS_URL}#terms-not-accepted`,
      reason: 'terms-not-accepted',
      terms_clause: '1',
      terms_version: '2026-07',
    })
    expect((await ask(key, '/terms/acceptances', accepting('2026-07'))).status).toBe(201)
    expect(await told(ask(key))).toBe(200)
  })

  test('8(a): a version that is announced can be accepted before it takes effect', async () => {
    const { ask, client, clock } = await apiOf({ framework, ...inTime() })
    const key = await client('crm')
    await ask(key, '/terms/acceptances', accepting('2026-01'))
    expect((await ask(key, '/terms/acceptances', accepting('2026-07'))).status).toBe(201)
    expect(await told(ask(key))).toBe(200)
    clock.setNow(Date.parse('2026-07-01'))
    const response = await ask(key)
    expect([response.status, dueOf(response)]).toEqual([200, null])
  })
})

test('8(a): who accepted none but an announced version has not accepted the one in force, and no older one', async () => {
  const { ask, client, clock } = await apiOf({ ...inTime(), now: '2026-01-10' })
  const key = await client('crm')
  expect((await ask(key, '/terms/acceptances', accepting('2026-07'))).status).toBe(201)
  expect(await told(ask(key))).toBe('terms-not-accepted')
  expect(await (await ask(key, '/terms')).json()).toMatchObject({
    acceptance: { version: '2026-01', by: '2026-01-01T00:00:00.000Z' },
  })
  clock.setNow(Date.parse('2026-07-01'))
  const inForce = await ask(key)
  expect([inForce.status, dueOf(inForce)]).toEqual([200, null])
})

test('8(a): who accepted an older version and one that is announced owes the one in force all the same', async () => {
  const versions = [{ version: '2025-01', effectiveAt: new Date('2025-01-01') }, ...VERSIONS]
  const { ask, client, clock } = await apiOf({ ...inTime({ versions }), now: '2025-06-01' })
  const key = await client('crm')
  for (const version of ['2025-01', '2026-07']) await ask(key, '/terms/acceptances', accepting(version))
  clock.setNow(Date.parse('2026-01-10'))
  const warned = await ask(key)
  expect([warned.status, dueOf(warned)]).toEqual([200, '@1769817600;version="2026-01"'])
  clock.setNow(Date.parse('2026-01-31'))
  expect(await told(ask(key))).toBe('terms-not-accepted')
})

test.each([[[]], [['2026-07']]])(
  '8(a): a version that is not listed is taken for an older one, beside %j',
  async (announced) => {
    const { ask, client, clock, registry } = await apiOf({ ...inTime(), now: '2026-01-10' })
    const key = await client('crm')
    const acceptance = { client: 'crm', acceptedBy: 'Ada Acme', entity: 'Acme Ltd', ...BY }
    await registry.acceptTerms({ ...acceptance, version: '2024' })
    for (const version of announced) await ask(key, '/terms/acceptances', accepting(version))
    const warned = await ask(key)
    expect([warned.status, dueOf(warned)]).toEqual([200, '@1769817600;version="2026-01"'])
    clock.setNow(Date.parse('2026-01-31'))
    expect(await told(ask(key))).toBe('terms-not-accepted')
  },
)

test('1(b): an acceptance says who accepts for which entity, or is none', async () => {
  const { ask, client, registry } = await apiOf(inTime())
  const key = await client('crm')
  for (const missing of ['by', 'entity', 'version']) {
    const response = await ask(key, '/terms/acceptances', accepting('2026-01', { [missing]: ' ' }))
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { detail: expect.stringContaining(missing) },
    ])
  }
  expect(registry.client('crm')?.acceptances ?? []).toEqual([])
  await ask(key, '/terms/acceptances', accepting('2026-01'))
  expect(registry.client('crm')?.acceptances).toMatchObject([{ by: 'Ada Acme', entity: 'Acme Ltd' }])
})

test.each([
  ['a line feed', 'Ada\nAcme'],
  ['a line separator', 'Ada\u2028Acme'],
  ['a paragraph separator', 'Ada\u2029Acme'],
  ['an override of direction', 'Ada \u202eemcA'],
  ['an isolate of direction', 'Ada \u2066Acme'],
  ['half a character', 'Ada \ud800'],
])('1(b): a name with %s is none', async (_what, name) => {
  const { ask, client, registry } = await apiOf(inTime())
  const key = await client('crm')
  for (const member of ['by', 'entity']) {
    const response = await ask(key, '/terms/acceptances', accepting('2026-01', { [member]: name }))
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { detail: expect.stringContaining(member) },
    ])
  }
  expect(registry.client('crm')?.acceptances ?? []).toEqual([])
})

test('1(b): names are taken in every script', async () => {
  const { ask, client, registry } = await apiOf(inTime())
  const key = await client('crm')
  const names = { by: 'Zoë O’Brien-Łuć\u200f', entity: '株式会社 שלום بع\u200cم' }
  expect(await told(ask(key, '/terms/acceptances', accepting('2026-01', names)))).toBe(201)
  expect(registry.client('crm')?.acceptances).toMatchObject([names])
})

test('1(a): the acceptance of one client is not that of another of the same account', async () => {
  const { ask, client } = await apiOf(inTime())
  const [one, other] = [await client('crm'), await client('wallboard')]
  await ask(one, '/terms/acceptances', accepting('2026-01'))
  expect(await Promise.all([told(ask(one)), told(ask(other))])).toEqual([200, 'terms-not-accepted'])
})

test('1(a): before any version has taken effect nothing has to be accepted', async () => {
  const { ask, client, clock } = await apiOf({ ...inTime(), now: '2025-12-31' })
  const key = await client('crm')
  expect(await told(ask(key))).toBe(200)
  clock.setNow(Date.parse('2026-01-01'))
  expect(await told(ask(key))).toBe('terms-not-accepted')
})

test('8(a): versions that follow each other do not put off what was owed before them', async () => {
  const versions = [...VERSIONS, { version: '2026-08', effectiveAt: new Date('2026-07-20') }]
  const { ask, client, clock } = await apiOf(inTime({ versions }))
  const key = await client('crm')
  await ask(key, '/terms/acceptances', accepting('2026-01'))
  clock.setNow(Date.parse('2026-07-25'))
  expect(dueOf(await ask(key))).toBe('@1785456000;version="2026-08"')
  clock.setNow(Date.parse('2026-07-31'))
  expect(await told(ask(key))).toBe('terms-not-accepted')
})

test('8(a): who opens a WebSocket is warned as it is taken up', async () => {
  const { ask, client, clock, upgrade } = await apiOf(inTime())
  const key = await client('crm')
  await ask(key, '/terms/acceptances', accepting('2026-01'))
  const before = await upgrade(key)
  expect(before.head).toContain(`Link: ${linkTo(TERMS_URL)}\r\n`)
  expect(before.head).not.toContain('Terms-Acceptance-Due')
  clock.setNow(Date.parse('2026-07-01'))
  const { status, head } = await upgrade(key)
  expect(status).toBe(101)
  expect(head.split('\r\n')).toEqual(
    expect.arrayContaining([
      `Link: ${linkTo(`${TERMS_URL}/2026-07`)}`,
      'Terms-Acceptance-Due: @1785456000;version="2026-07"',
    ]),
  )
})

test('8(a): a clock that is set back brings the version before into force again', async () => {
  const { ask, client, clock } = await apiOf(inTime())
  const key = await client('crm')
  await ask(key, '/terms/acceptances', accepting('2026-01'))
  clock.setNow(Date.parse('2026-08-15'))
  expect(await told(ask(key))).toBe('terms-not-accepted')
  clock.setNow(Date.parse('2026-06-15'))
  const response = await ask(key)
  expect([response.status, response.headers.get('link')]).toEqual([200, linkTo(TERMS_URL)])
})

test('8(a): where the provider only notifies, nobody is refused, and everybody is warned', async () => {
  const { ask, client, clock, notices } = await apiOf(inTime({ acceptance: 'notify' }))
  const [never, once] = [await client('crm'), await client('wallboard')]
  await ask(once, '/terms/acceptances', accepting('2026-01'))
  expect(dueOf(await ask(never))).toBe('@1767225600;version="2026-01"')
  clock.setNow(Date.parse('2027-01-01'))
  expect(dueOf(await ask(once))).toBe('@1785456000;version="2026-07"')
  expect(await told(ask(never))).toBe(200)
  expect(notices.map(({ client: id, version }) => `${id} ${version}`)).toEqual([
    'wallboard 2026-01',
    'crm 2026-01',
    'wallboard 2026-07',
    'crm 2026-07',
  ])
})

test('8(a): when the time to accept is over, streams that are open are ended, and nobody else’s', async () => {
  const { client, clock, ask, stream, released } = await apiOf(inTime())
  const [behind, current] = [await client('crm'), await client('wallboard')]
  for (const key of [behind, current]) await ask(key, '/terms/acceptances', accepting('2026-01'))
  await ask(current, '/terms/acceptances', accepting('2026-07'))
  const [cut, kept] = [await stream(behind), await stream(current)]
  let keptEnded = false
  void kept.ended.then(() => (keptEnded = true))
  clock.setNow(Date.parse('2026-07-31') - 30_000)
  clock.advance(60_000)
  expect(await cut.ended).toMatch(/^cut off/)
  await settled()
  expect(keptEnded).toBe(false)
  expect(released.filter(({ why }) => why)).toMatchObject([{ client: 'crm', why: 'terms-not-accepted' }])
})

test('8(a): who waits in line when the time to accept is over is refused for it', async () => {
  const { options } = inTime()
  const { client, clock, ask, stream } = await apiOf({
    options: { ...options, limits: { read: 1 }, connections: { waitMs: 86_400_000 } },
  })
  const [behind, current] = [await client('crm'), await client('wallboard')]
  for (const key of [behind, current]) await ask(key, '/terms/acceptances', accepting('2026-01'))
  await ask(current, '/terms/acceptances', accepting('2026-07'))
  clock.setNow(Date.parse('2026-07-31') - 30_000)
  await stream(current)
  const waiting = told(ask(behind))
  await new Promise((resolve) => setTimeout(resolve, 50))
  clock.advance(60_000)
  expect(await waiting).toBe('terms-not-accepted')
})

test('2(f): an account is told of Terms to accept, of a key that ends soon, and of notice that was given', async () => {
  const { ask, client, registry, notices } = await apiOf(inTime({ acceptance: 'notify' }))
  const key = await client('crm')
  await registry.issueKey({ client: 'crm', expiresAt: new Date('2026-02-01'), ...BY })
  const { key: ending } = await registry.issueKey({ client: 'crm', expiresAt: new Date('2026-01-10'), ...BY })
  await registry.terminate({ account: 'acme', from: new Date('2026-03-01'), ...BY })
  for (const each of [key, ending, key, ending]) expect(await told(ask(each))).toBe(200)
  expect(notices.map(({ code, due }) => `${code} ${due?.toISOString().slice(0, 10)}`)).toEqual([
    'termination-announced 2026-03-01',
    'terms-acceptance-due 2026-01-01',
    'key-expiring 2026-01-10',
  ])
  expect(JSON.stringify(notices)).not.toContain(ending)
})
