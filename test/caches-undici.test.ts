import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Agent, cacheStores, interceptors, type Dispatcher } from 'undici'
import { ACME, ACME_BY_HEADER, GLOBEX, GLOBEX_BY_HEADER, REFUSED, WELCOME } from './caches/accounts.js'
import { askAll, faultsOf, isFromCache, type Ask } from './caches/asking.js'
import { BEHAVIOURS, KINDS, POLICY_NAMES, sharedFor, targetOf } from './caches/behaviours.js'
import { startApp, type App } from './caches/running.js'
import { EXPRESS_5 } from './subjects/express.js'
import { KOA_3 } from './subjects/koa.js'

const CALLERS = [...WELCOME, ...REFUSED]
const SILENT = BEHAVIOURS[0]!
const TYPES = ['shared', 'private'] as const

/** One agent and one store for all callers, as in a server that asks on behalf of several. */
function cachingAgent(type: (typeof TYPES)[number]): Dispatcher {
  return new Agent().compose(interceptors.cache({ type, store: new cacheStores.MemoryCacheStore() }))
}

function askingThrough(agent: Dispatcher, port: number): Ask {
  return async ({ caller, target, method = 'GET', fields }) => {
    const { statusCode, headers, body } = await agent.request({
      origin: `http://127.0.0.1:${port}`,
      path: target,
      method,
      headers: { ...caller.fields, ...fields },
    })
    return { status: statusCode, fields: headers, body: await body.text() }
  }
}

describe.each([EXPRESS_5, KOA_3])("through undici's cache, $name", (subject) => {
  let app: App
  beforeAll(async () => {
    app = await startApp(subject)
  })
  afterAll(() => app?.stop())

  describe.each(TYPES)('of the type %s', (type) => {
    let agent: Dispatcher
    let ask: Ask
    beforeEach(() => {
      agent = cachingAgent(type)
      ask = askingThrough(agent, app.port)
    })
    afterEach(() => agent.destroy())

    test('an answer that may be kept is, for the caller it was made for', async () => {
      for (const caller of [ACME, GLOBEX, GLOBEX_BY_HEADER]) {
        const question = { caller, target: targetOf('public', SILENT) }
        const first = await ask(question)
        const second = await ask(question)
        expect(isFromCache(second)).toBe(true)
        expect(second.body).toBe(first.body)
        expect(faultsOf(second, question, true)).toEqual([])
      }
      // Even of the type private this cache leaves what came for Authorization, unless it is public.
      for (const caller of [ACME_BY_HEADER, GLOBEX_BY_HEADER]) {
        const question = { caller, target: targetOf('private', SILENT) }
        await ask(question)
        const second = await ask(question)
        expect(isFromCache(second)).toBe(type === 'private')
        expect(faultsOf(second, question, type === 'private')).toEqual([])
      }
    })

    test('whatever a handler says, each gets their own, and a refusal is none', async () => {
      for (const policy of KINDS) {
        for (const behaviour of BEHAVIOURS) {
          const target = targetOf(policy, behaviour)
          // With a validator, what is stale is kept to be made good.
          const mayBeKept =
            type === 'private' ? policy !== 'never' : sharedFor(policy, behaviour) !== undefined
          for (const caller of [ACME, ACME, GLOBEX, GLOBEX_BY_HEADER, REFUSED[0]!]) {
            const question = { caller, target }
            expect(faultsOf(await ask(question), question, mayBeKept)).toEqual([])
          }
        }
      }
    })

    test('in any order of many callers', async () => {
      const seed = Date.now()
      const question = fc.record({
        caller: fc.constantFrom(...CALLERS),
        target: fc
          .tuple(fc.constantFrom(...POLICY_NAMES), fc.constantFrom(...BEHAVIOURS))
          .map(([policy, behaviour]) => targetOf(policy, behaviour)),
        method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
        fields: fc.constantFrom({}, {}, { 'If-None-Match': '"one"' }, { 'Cache-Control': 'max-stale=600' }),
      })
      await askAll(fc.sample(question, { numRuns: 500, seed }), 8, async (one) => {
        const faults = faultsOf(await ask(one), one, true)
        expect({ seed, faults }).toEqual({ seed, faults: [] })
      })
    })
  })
})
