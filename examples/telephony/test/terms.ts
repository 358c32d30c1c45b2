import { describe, expect, test } from 'vitest'
import { inMemory, VERSION, type Shared, type TelephonyServer } from '../src/index.js'
import { callerOf, type Caller } from './caller.js'
import { serve } from './served.js'

const DAY_MS = 86_400_000
const NEXT = '2026-02'

/** What a client does about the Terms, with its own key, beside the gate. */
export function describeTerms(name: string, buildServer: (shared?: Shared) => TelephonyServer): void {
  describe(`The Terms of the telephony API in ${name}`, () => {
    const served = serve(buildServer)

    test('are told to a client, with the version that it has accepted (1(a))', async () => {
      expect(await jsonFrom(served.caller('acme-crm'), '/terms')).toMatchObject({
        version: VERSION,
        url: 'https://provider.example/terms',
        upcoming: [],
        acceptance: null,
      })
    })

    test('are told to nobody without a key (2(c))', async () => {
      const response = await served.caller().fetch('/terms/account')
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ reason: 'credentials-missing', terms_version: VERSION })
    })

    test('come with how the client stands: its registration, its acceptance, its limits', async () => {
      const acme = served.caller('acme-crm')
      const stream = new AbortController()
      await acme.fetch('/v1/events', { signal: stream.signal })
      expect(await jsonFrom(acme, '/terms/account')).toMatchObject({
        refused: null,
        account: { id: 'acme', contacts: { technical: 'dev@acme.example' } },
        client: { id: 'acme-crm', privacyPolicyUrl: 'https://acme.example/privacy' },
        acceptances: [{ version: VERSION, by: 'legal@acme.example', entity: 'Acme' }],
        limits: { read: 10, write: 1 },
        inUse: { read: 1 },
      })
      stream.abort()
      expect(await jsonFrom(served.caller('globex-crm'), '/terms/account')).toMatchObject({
        limits: { read: 50, write: 1 },
      })
      await served.nothingIsHeld()
    })

    test('tell who is suspended that it is (3(a))', async () => {
      expect(await jsonFrom(served.caller('initech-crm'), '/terms/account')).toMatchObject({
        refused: 'account-suspended',
        account: { status: 'suspended' },
      })
    })

    test('come with what the account has used, and not with what others have (4(a)3)', () =>
      withServer(buildServer(), async (caller) => {
        await jsonFrom(caller('acme-crm'), '/v1/extensions')
        await jsonFrom(caller('acme-wallboard'), '/v1/calls')
        const placed = await caller('acme-crm').post('/v1/calls', { from: '101', to: '102', ringMs: 0 })
        const { id } = (await placed.json()) as { id: string }
        await caller('acme-wallboard').fetch(`/v1/calls/${id}`, { method: 'DELETE' })
        expect((await caller('acme-crm').fetch('/v1/admin')).status).toBe(404)

        const { usage } = (await jsonFrom(caller('acme-wallboard'), '/terms/usage')) as { usage: unknown[] }
        expect(usage).toMatchObject([
          { api: 'business-telephony', account: 'acme', class: 'read', connections: 2, peak: 1 },
          { account: 'acme', class: 'write', connections: 2, peak: 1 },
        ])
        expect(await jsonFrom(caller('globex-crm'), '/terms/usage')).toEqual({ usage: [] })
      }))

    test('are accepted before a new version takes effect (8(a))', () =>
      withServer(buildServer(withNextIn(DAY_MS)), async (caller) => {
        const acme = caller('acme-crm')
        expect(await jsonFrom(acme, '/terms')).toMatchObject({
          version: VERSION,
          upcoming: [{ version: NEXT }],
        })
        const accepted = await accept(acme)
        expect(accepted.status).toBe(201)
        const acceptance = { version: NEXT, by: 'Jane Roe', entity: 'Acme' }
        expect(await accepted.json()).toMatchObject(acceptance)
        expect(await jsonFrom(acme, '/terms/account')).toMatchObject({
          acceptances: [{ version: VERSION }, acceptance],
        })
        expect((await accept(acme)).status).toBe(200)
        expect(await jsonFrom(caller('acme-wallboard'), '/terms/account')).toMatchObject({
          acceptances: [{ version: VERSION }],
        })
      }))

    test('are accepted by a client that is refused until it has (1(a))', () =>
      withServer(buildServer(withNextIn(-DAY_MS, 0)), async (caller) => {
        const acme = caller('acme-crm')
        const refused = await acme.fetch('/v1/extensions')
        expect(refused.status).toBe(403)
        expect(await refused.json()).toMatchObject({ reason: 'terms-not-accepted', terms_version: NEXT })
        expect((await accept(acme)).status).toBe(201)
        expect((await acme.fetch('/v1/extensions')).status).toBe(200)
        expect((await caller('acme-wallboard').fetch('/v1/extensions')).status).toBe(403)
      }))

    test('name enumeration a sign of misuse: it is told, and not refused (5(d)1)', () => {
      const server = buildServer()
      const signs: unknown[] = []
      server.telephony.gate.on('misuse', (event) => signs.push(event))
      return withServer(server, async (caller) => {
        const acme = caller('acme-crm')
        const statuses = new Set<number>()
        for (let id = 1; id <= 101; id += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other, within the limit
          const response = await acme.fetch(`/v1/recordings/none-${id}`)
          statuses.add(response.status)
          // oxlint-disable-next-line no-await-in-loop -- so that the next takes the same socket
          await response.text()
        }
        expect([...statuses]).toEqual([404])
        expect(signs).toMatchObject([{ sign: 'many-ids', account: 'acme', refuseMs: 0 }])
      })
    })
  })
}

/** With a version that takes effect in so many ms, or did before. */
function withNextIn(ms: number, graceMs?: number): Shared {
  const effectiveAt = new Date(Date.now() + ms)
  const versions = [
    { version: VERSION, effectiveAt: new Date(0) },
    { version: NEXT, effectiveAt },
  ]
  const url = 'https://provider.example/terms'
  return { ...inMemory(), terms: { url, versions, ...(graceMs !== undefined && { graceMs }) } }
}

async function withServer(
  server: TelephonyServer,
  act: (caller: (client: string) => Caller) => Promise<void>,
): Promise<void> {
  const url = await server.listen(0, '127.0.0.1')
  try {
    await act((client) => callerOf(url, server.keys, client))
  } finally {
    await server.close()
  }
}

function accept(caller: Caller): Promise<Response> {
  return caller.post('/terms/acceptances', { version: NEXT, by: 'Jane Roe', entity: 'Acme' })
}

async function jsonFrom(caller: Caller, path: string): Promise<unknown> {
  const response = await caller.fetch(path)
  expect(response.status).toBe(200)
  return response.json()
}
