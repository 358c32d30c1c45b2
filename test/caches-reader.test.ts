import * as fc from 'fast-check'
import CachePolicyReader from 'http-cache-semantics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACME, ACME_BY_HEADER, REFUSED, WELCOME, type Caller } from './caches/accounts.js'
import type { Answer } from './caches/asking.js'
import { BEHAVIOURS, POLICY_NAMES, sharedFor, targetOf } from './caches/behaviours.js'
import { startApp, type App } from './caches/running.js'
import { EXPRESS_5 } from './subjects/express.js'
import { KOA_3 } from './subjects/koa.js'

const SHARED = { shared: true }

/** A request as a cache sees it: names in lower case. */
function seen(caller: Caller, target: string, method: string) {
  const named = Object.entries(caller.fields).map(([name, value]) => [name.toLowerCase(), value])
  return { method, url: target, headers: Object.fromEntries(named) as Record<string, string> }
}

function read(caller: Caller, target: string, method: string, { status, fields }: Answer) {
  const headers = fields as Record<string, string | string[] | undefined>
  return new CachePolicyReader(seen(caller, target, method), { status, headers }, SHARED)
}

describe.each([EXPRESS_5, KOA_3])('as an independent reader sees it, $name', (subject) => {
  let app: App
  beforeAll(async () => {
    app = await startApp(subject)
  })
  afterAll(() => app?.stop())

  test.each(POLICY_NAMES)('nothing goes beyond the policy "%s", whatever a handler says', async (policy) => {
    for (const behaviour of BEHAVIOURS) {
      const target = targetOf(policy, behaviour)
      const permitted = sharedFor(policy, behaviour)
      for (const caller of [ACME, ACME_BY_HEADER]) {
        for (const method of caller === ACME ? ['GET', 'POST'] : ['HEAD']) {
          const reader = read(caller, target, method, await app.ask({ caller, target, method }))
          const most = method === 'POST' ? undefined : permitted
          const told = { method, target, name: caller.name, kept: reader.storable() }
          if (most === undefined) expect(told).toEqual({ ...told, kept: false })
          expect(reader.timeToLive()).toBeLessThanOrEqual((most ?? 0) * 1000)
          const served = [...WELCOME, ...REFUSED].filter((other) =>
            reader.satisfiesWithoutRevalidation(seen(other, target, method)),
          )
          expect({ ...told, served: served.filter((other) => other !== caller) }).toEqual({
            ...told,
            served: [],
          })
        }
      }
    }
  })

  test('a public answer may be kept for the whole time', async () => {
    const target = targetOf('cdn', BEHAVIOURS[0]!)
    const reader = read(ACME, target, 'GET', await app.ask({ caller: ACME, target }))
    expect(reader.storable()).toBe(true)
    expect(Math.ceil(reader.timeToLive() / 1000)).toBeGreaterThan(590)
    expect(reader.satisfiesWithoutRevalidation(seen(ACME, target, 'GET'))).toBe(true)
  })

  test('a refusal is kept by nobody', async () => {
    const anywhere = fc.record({
      caller: fc.constantFrom(...REFUSED),
      policy: fc.constantFrom(...POLICY_NAMES),
      behaviour: fc.constantFrom(...BEHAVIOURS),
      method: fc.constantFrom('GET', 'HEAD', 'POST'),
    })
    for (const { caller, policy, behaviour, method } of fc.sample(anywhere, 60)) {
      const target = targetOf(policy, behaviour)
      const answer = await app.ask({ caller, target, method })
      expect(answer.status).toBe(caller.status)
      expect(read(caller, target, method, answer).storable()).toBe(false)
    }
  })
})
