import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ACME, ACME_BY_HEADER, GLOBEX, GLOBEX_BY_HEADER, REFUSED, WELCOME } from './caches/accounts.js'
import { askAll, faultsOf, isFromCache, type Ask, type Question } from './caches/asking.js'
import { BEHAVIOURS, KINDS, POLICY_NAMES, sharedFor, targetOf, type PolicyName } from './caches/behaviours.js'
import { startBehindNginx, type BehindNginx } from './caches/running.js'
import { EXPRESS_5 } from './subjects/express.js'
import { KOA_3 } from './subjects/koa.js'

const CACHES = ['heedful', 'careless'] as const
const CALLERS = [...WELCOME, ...REFUSED]
const SILENT = BEHAVIOURS[0]!

let targets = 0
/** The target is the key of an entry, so each of these is asked for the first time. */
const fresh = (target: string) => `${target}?${++targets}`

describe.each([EXPRESS_5, KOA_3])('behind nginx, $name', (subject) => {
  let behind: BehindNginx
  beforeAll(async () => {
    behind = await startBehindNginx(subject)
  })
  afterAll(() => behind?.stop())

  test('a public answer is served from the cache, to the caller it was made for alone', async () => {
    const target = fresh(targetOf('public', SILENT))
    for (const caller of [ACME, ACME_BY_HEADER, GLOBEX, GLOBEX_BY_HEADER]) {
      const first = await behind.heedful({ caller, target })
      const second = await behind.heedful({ caller, target })
      expect([first.fields['x-cache-status'], second.fields['x-cache-status']]).toEqual(['MISS', 'HIT'])
      expect(second.body).toBe(first.body)
      expect(faultsOf(second, { caller, target }, true)).toEqual([])
    }
  })

  test('a public answer is stored where Vary is passed over, so the cache that does so works too', async () => {
    const question = { caller: ACME, target: fresh(targetOf('public', SILENT)) }
    const { body } = await behind.careless(question)
    expect(await behind.careless(question)).toMatchObject({ body, fields: { 'x-cache-status': 'HIT' } })
  })

  test.each(CACHES)('whatever a handler says, the %s cache gives each their own', async (cache) => {
    const pairs = KINDS.flatMap((policy) => BEHAVIOURS.map((behaviour) => ({ policy, behaviour })))
    await askAll(pairs, 8, async ({ policy, behaviour }) => {
      const target = fresh(targetOf(policy, behaviour))
      const kept = (sharedFor(policy, behaviour) ?? 0) > 0
      // Who passes over Vary shares what is public.
      if (cache === 'careless' && kept) return
      for (const method of ['GET', 'HEAD']) {
        for (const caller of [ACME, GLOBEX, GLOBEX_BY_HEADER, REFUSED[0]!]) {
          const question = { caller, target, method }
          expect(faultsOf(await behind[cache](question), question, kept)).toEqual([])
        }
      }
    })
  })

  test('in any order of many callers', async () => {
    const seed = Date.now()
    const question = fc.record({
      caller: fc.oneof(fc.constantFrom(ACME, GLOBEX), fc.constantFrom(...CALLERS)),
      // Often the same, so that much is found in the cache.
      policy: fc.oneof(fc.constant<PolicyName>('public'), fc.constantFrom(...POLICY_NAMES)),
      behaviour: fc.oneof(fc.constant(SILENT), fc.constantFrom(...BEHAVIOURS)),
      method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
      fields: fc.constantFrom({}, {}, { 'If-None-Match': '"one"' }, { 'Cache-Control': 'no-cache' }),
      cache: fc.constantFrom(...CACHES),
    })
    let fromCache = 0
    await askAll(fc.sample(question, { numRuns: 700, seed }), 8, async (one) => {
      const kept = (sharedFor(one.policy, one.behaviour) ?? 0) > 0
      if (one.cache === 'careless' && kept) return
      const asked = { ...one, target: targetOf(one.policy, one.behaviour) }
      const answer = await behind[one.cache](asked)
      expect({ seed, faults: faultsOf(answer, asked, kept) }).toEqual({ seed, faults: [] })
      if (isFromCache(answer)) fromCache++
    })
    expect(fromCache).toBeGreaterThan(0)
  })

  test('what is stale is made good by a 304 that is each their own', async () => {
    const target = fresh(
      targetOf(
        'brief',
        BEHAVIOURS.find(({ name }) => name === 'tagged')!,
      ),
    )
    const { body } = await behind.heedful({ caller: ACME, target })
    const revalidated = await vi.waitUntil(
      async () => {
        const answer = await behind.heedful({ caller: ACME, target })
        return answer.fields['x-cache-status'] === 'REVALIDATED' && answer
      },
      { timeout: 5000, interval: 100 },
    )
    expect(revalidated.body).toBe(body)
    for (const caller of CALLERS) {
      const question = { caller, target, fields: { 'If-None-Match': '"one"' } }
      expect(faultsOf(await behind.heedful(question), question, true)).toEqual([])
    }
  })
})

describe.each([EXPRESS_5, KOA_3])('behind nginx, refusals of $name', (subject) => {
  let behind: BehindNginx
  beforeAll(async () => {
    // What an app says for all its answers must not keep a refusal.
    const before = {
      'X-Accel-Expires': '600',
      'Cache-Control': 'public, max-age=600',
      'CDN-Cache-Control': 'max-age=600',
      Expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
    }
    behind = await startBehindNginx(subject, { before })
  })
  afterAll(() => behind?.stop())

  async function expectUnkept(ask: Ask, question: Question, status: number): Promise<void> {
    for (let time = 0; time < 2; time++) {
      const answer = await ask(question)
      expect(faultsOf(answer, question, false)).toEqual([])
      expect(answer.status).toBe(status)
    }
  }

  test.each(REFUSED)('$name is refused before and after an answer that is kept', async (caller) => {
    for (const cache of CACHES) {
      for (const policy of ['private', 'public'] as const) {
        // Who passes over Vary gives what is public to all.
        if (cache === 'careless' && policy === 'public') continue
        const target = fresh(targetOf(policy, SILENT))
        for (const welcome of [ACME, GLOBEX_BY_HEADER]) {
          await expectUnkept(behind[cache], { caller, target }, caller.status!)
          const question = { caller: welcome, target }
          const answers = [await behind[cache](question), await behind[cache](question)]
          expect(answers.map(({ status }) => status)).toEqual([200, 200])
          for (const answer of answers) expect(faultsOf(answer, question, policy === 'public')).toEqual([])
          expect(isFromCache(answers[1]!)).toBe(policy === 'public')
        }
        await expectUnkept(behind[cache], { caller, target }, caller.status!)
      }
    }
  })

  test.each([
    ['a path that is not documented', 'GET', '/elsewhere', 404],
    ['a method that is not documented', 'PUT', '/v1/public/silent', 405],
    ['a path without a handler', 'GET', '/v1/public/nothing', 404],
    ['an ambiguous path', 'GET', '/v1/public//silent', 400],
  ])('%s is refused every time anew', async (_what, method, path, status) => {
    const target = fresh(path)
    for (const cache of CACHES) {
      if (path === '/v1/public/silent') await behind[cache]({ caller: ACME, target })
      for (const caller of [ACME, GLOBEX, ACME_BY_HEADER]) {
        await expectUnkept(behind[cache], { caller, target, method }, status)
      }
    }
  })
})
