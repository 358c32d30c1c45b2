import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import type { Shared, TelephonyServer } from '../src/index.js'
import type { Caller } from './caller.js'
import { CASES } from './cases.js'
import { describeClosing } from './closing.js'
import { serve } from './served.js'
import { describeStreams } from './streams.js'
import { describeTerms } from './terms.js'

/** What every example has to do, over real sockets. */
export function describeTelephony(name: string, buildServer: (shared?: Shared) => TelephonyServer): void {
  describe(`The telephony API in ${name}`, () => {
    const served = serve(buildServer)

    for (const { id, title, method = 'GET', path, client = 'acme-crm', ...the } of CASES) {
      test(`${id}: ${title}`, async () => {
        const response = await served.caller(client ?? undefined).fetch(path, {
          method,
          ...(the.body !== undefined && { body: the.body }),
          ...(the.contentType !== undefined && { headers: { 'Content-Type': the.contentType } }),
        })
        const fields = Object.keys(the.headers ?? {}).map((field) => [field, response.headers.get(field)])
        const headers = Object.fromEntries(fields) as Record<string, string | null>
        expect({ status: response.status, headers }).toEqual({
          status: the.status,
          headers: the.headers ?? {},
        })
        expect(await response.json()).toMatchObject(the.json)
        await served.nothingIsHeld()
      })
    }

    test('a call rings, is answered, is seen by its own account only, and is ended by it only', async () => {
      const acme = served.caller('acme-crm')
      const wallboard = served.caller('acme-wallboard')
      const globex = served.caller('globex-crm')
      const began = performance.now()
      const placed = await acme.post('/v1/calls', { from: '101', to: '102', ringMs: 250 })
      expect(placed.status).toBe(201)
      expect(performance.now() - began).toBeGreaterThan(240)
      const call = (await placed.json()) as { id: string }
      const location = placed.headers.get('location') ?? ''
      expect(location).toBe(`/v1/calls/${call.id}`)
      expect(placed.headers.get('cache-control')).toBe('no-store')

      expect(await callsOf(wallboard)).toMatchObject([
        { id: call.id, from: '101', to: '102', state: 'answered' },
      ])
      expect(await callsOf(globex)).toEqual([])

      expect((await globex.fetch(location, { method: 'DELETE' })).status).toBe(404)
      const ended = await wallboard.fetch(location, { method: 'DELETE' })
      expect([ended.status, await ended.text()]).toEqual([204, ''])
      expect((await acme.fetch(location, { method: 'DELETE' })).status).toBe(404)
      expect(await callsOf(acme)).toEqual([])
    })

    test('while a call rings, its account writes nothing else, with whatever client, and other accounts do (2(d))', async () => {
      const acme = served.caller('acme-crm')
      const wallboard = served.caller('acme-wallboard')
      const globex = served.caller('globex-crm')
      const hangUp = new AbortController()
      const ringing = acme
        .post('/v1/calls', { from: '101', to: '102', ringMs: 10_000 }, hangUp.signal)
        .catch((error: unknown) => (error as Error).name)
      await vi.waitFor(async () => expect(await callsOf(wallboard)).toMatchObject([{ state: 'ringing' }]))

      const refused = await wallboard.post('/v1/calls', { from: '102', to: '103', ringMs: 0 })
      expect(refused.status).toBe(429)
      expect(await refused.json()).toMatchObject({
        reason: 'connections-exhausted',
        connection_class: 'write',
        limit: 1,
      })
      expect((await globex.post('/v1/calls', { from: '101', to: '201', ringMs: 0 })).status).toBe(201)
      const [own] = await callsOf(globex)
      expect((await globex.fetch(`/v1/calls/${own?.id}`, { method: 'DELETE' })).status).toBe(204)

      hangUp.abort()
      expect(await ringing).toBe('AbortError')
      await vi.waitFor(async () => expect(await callsOf(acme)).toEqual([]))
      await served.nothingIsHeld()
    })

    test('who says that it is another client than the key is of is refused (2(c))', async () => {
      const asClient = async (id: string) => {
        const headers = { 'X-Telephony-Client': id }
        const response = await served.caller('acme-crm').fetch('/v1/countries', { headers })
        return response.status
      }
      expect([await asClient('acme-crm'), await asClient('acme-wallboard')]).toEqual([200, 401])
    })

    test('a body that turns out too large as it is sent is refused, and its call is not placed', async () => {
      const body = Readable.from(['{"from":"101","to":"102","ringMs":0,"note":"', 'x'.repeat(20_000), '"}'])
      const response = await served.caller('acme-crm').fetch('/v1/calls', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: Readable.toWeb(body) as NonNullable<RequestInit['body']>,
        duplex: 'half',
      })
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ reason: 'body-too-large' })
      await served.nothingIsHeld()
      expect(served.server().telephony.calls.of('acme')).toEqual([])
    })
  })

  describeStreams(name, buildServer)
  describeClosing(name, buildServer)
  describeTerms(name, buildServer)
}

async function callsOf(caller: Caller): Promise<{ id: string; state: string }[]> {
  const response = await caller.fetch('/v1/calls')
  return (await response.json()) as { id: string; state: string }[]
}
