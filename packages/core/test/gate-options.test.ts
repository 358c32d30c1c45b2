import { describe, expect, test } from 'vitest'
import {
  createGate,
  OptionsError,
  type GateOptions,
  type OptionIssue,
  type ResponseHead,
} from '@api-terms/core'
import { gateOf } from '@api-terms/core/node'
import { admitted, asking, gateWith, outcomeOf, TERMS, twoAccounts } from './gate-setting.js'

const { registry } = twoAccounts()

/** What createGate says of options that the compiler would not let by. */
function issuesOf(options: unknown): readonly OptionIssue[] {
  try {
    createGate(options as GateOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError)
    return (error as OptionsError).issues
  }
  return []
}

const issuesWith = (more: object) => issuesOf({ terms: TERMS, registry, ...more })
const pathsOf = (issues: readonly OptionIssue[]) => issues.map(({ path }) => path)

describe('options', () => {
  test('that are all well leave nothing to say', () => {
    const connections = { waitMs: 100, maxWaiting: 0, maxHoldMs: Infinity, stallMs: Infinity, timeoutMs: 1 }
    expect(issuesWith({ api: 'a.b-c_1', limits: { read: 0, 'bulk-2': Infinity }, connections })).toEqual([])
  })

  test.each([undefined, null, 'terms', 7, []])(
    'that are %j are refused with words, not a crash',
    (options) => {
      expect(issuesOf(options)).not.toEqual([])
    },
  )

  test('are told of all at once, each with its path and the remedy', () => {
    const issues = issuesOf({
      api: 'business telephony',
      terms: { url: '/terms', version: '' },
      registry: {},
      limits: { read: -1, write: '1', bulk: 1.5 },
      connections: { waitMs: -1, maxWaiting: 0.5, whenStoreFails: 'open', store: {}, classify: 'read' },
      mode: 'report',
      skip: true,
      clock: {},
    })
    expect(pathsOf(issues).toSorted()).toEqual([
      'api',
      'clock',
      'connections.classify',
      'connections.maxWaiting',
      'connections.store',
      'connections.waitMs',
      'connections.whenStoreFails',
      'limits.bulk',
      'limits.read',
      'limits.write',
      'mode',
      'registry',
      'skip',
      'terms.url',
      'terms.version',
    ])
    for (const { message } of issues) expect(message).toMatch(/^(?:must|is required)/)
  })

  test('of names that are not known are all told, each with the name that was likely meant', () => {
    expect(
      issuesOf({ term: TERMS, registery: registry, limit: {}, requests: { method: [], path: [] } }),
    ).toEqual([
      { path: 'terms', message: 'is required' },
      { path: 'registry', message: expect.stringMatching(/^is required/) as string },
      { path: 'requests.method', message: 'is no option; did you mean methods?' },
      { path: 'requests.path', message: 'is no option; did you mean paths?' },
      { path: 'term', message: 'is no option; did you mean terms?' },
      { path: 'registery', message: 'is no option; did you mean registry?' },
      { path: 'limit', message: 'is no option; did you mean limits?' },
    ])
  })

  test.each([
    ['a Map', new Map([['read', 1]])],
    ['a Date', new Date()],
    ['a list', [5]],
  ])('that are limits and %s are refused, also as they are set later', async (_, limits) => {
    expect(issuesWith({ limits })).toMatchObject([
      { path: 'limits', message: expect.stringMatching(/object/) as string },
    ])
    const { gate } = gateWith()
    await expect(gate.setLimits(limits as never)).rejects.toThrow(/limits: must be an object/)
  })

  test('hold no limit under a name that every object has', () => {
    const limits = JSON.parse('{"constructor":"lots","__proto__":-1}') as object
    expect(pathsOf(issuesWith({ limits }))).toEqual(['limits.constructor', 'limits.__proto__'])
  })

  test('stand in the message of the error, a line each', () => {
    const act = () => createGate({ terms: { url: 'nowhere' }, registry, mode: 'off' } as never)
    expect(act).toThrow(/options are wrong\n {2}- terms\.url: must be .*\n {2}- mode: must be /)
    expect(act).toThrow(expect.objectContaining({ code: 'API_TERMS_OPTIONS', name: 'OptionsError' }))
  })

  test('that are required are asked for by name', () => {
    const issues = issuesOf({})
    expect(pathsOf(issues)).toEqual(['terms', 'registry'])
    expect(issues[0]?.message).toBe('is required')
    expect(issues[1]?.message).toMatch(/^is required: memoryRegistry/)
  })

  test.each([
    [{ limit: {} }, 'limit', 'limits'],
    [{ Mode: 'observe' }, 'Mode', 'mode'],
    [{ terms: { ...TERMS, versoin: '1' } }, 'terms.versoin', 'version'],
    [
      { terms: { ...TERMS, clauses: { 'credential-missing': '1' } } },
      'terms.clauses.credential-missing',
      'credentials-missing',
    ],
    [{ credentials: { scheme: ['bearer'] } }, 'credentials.scheme', 'schemes'],
    [{ connections: { waitMS: 1 } }, 'connections.waitMS', 'waitMs'],
    [{ connections: { maxHold: 1 } }, 'connections.maxHold', 'maxHoldMs'],
    [{ requests: { path: ['/'] } }, 'requests.path', 'paths'],
    [{ requests: { block: [{ path: '/', detial: 'x' }] } }, 'requests.block[0].detial', 'detail'],
    [{ caching: { defualt: 'no-store' } }, 'caching.defualt', 'default'],
    [{ caching: { rules: [{ path: '/', polcy: 'no-store' }] } }, 'caching.rules[0].polcy', 'policy'],
  ])('of an unknown name in %j are told the likely one', (more, path, likely) => {
    const issue = issuesWith(more).find((one) => one.path === path)
    expect(issue?.message).toBe(`is no option; did you mean ${likely}?`)
  })

  test('may be missing altogether, and what is wrong is told all the same', () => {
    for (const nothing of [undefined, null, 7, []]) {
      expect(() => createGate(nothing as never)).toThrow(OptionsError)
      expect(() => gateOf(nothing as never)).toThrow(OptionsError)
    }
  })

  test('of a name like no other are told which there are', () => {
    expect(issuesWith({ connections: { redis: 1 } })).toEqual([
      {
        path: 'connections.redis',
        message:
          'is no option; known are: store, classify, waitMs, maxWaiting, maxHoldMs, stallMs, timeoutMs, whenStoreFails',
      },
    ])
  })

  test.each([[{ 'a b': 1 }], [{ '': 1 }], [7], [[]]])('limits are not %j', (limits) => {
    expect(pathsOf(issuesWith({ limits }))[0]).toMatch(/^limits/)
  })

  test.each(['waitMs', 'timeoutMs', 'stallMs', 'maxHoldMs', 'maxWaiting'])(
    '%s is no NaN and no text',
    (name) => {
      expect(pathsOf(issuesWith({ connections: { [name]: NaN } }))).toEqual([`connections.${name}`])
      expect(pathsOf(issuesWith({ connections: { [name]: '100' } }))).toEqual([`connections.${name}`])
    },
  )

  test('may be frozen through and through', async () => {
    const accounts = twoAccounts()
    const connections = Object.freeze({ waitMs: 0 })
    const limits = Object.freeze({ read: 1 })
    const options = Object.freeze({
      terms: Object.freeze(TERMS),
      registry: accounts.registry,
      connections,
      limits,
    })
    expect(outcomeOf(await createGate(options).admit(asking(accounts.keys.crm)))).toBe('admitted')
  })

  test('hold as they were given, whatever the caller does with the object afterwards', async () => {
    const accounts = twoAccounts()
    const options = {
      api: 'telephony',
      terms: { url: TERMS.url, version: '1', clauses: { 'connections-exhausted': '9(z)' } },
      limits: { read: 1 },
      connections: { waitMs: 0, maxWaiting: 5, classify: () => 'read' },
      requests: { paths: ['/v1/calls'], methods: ['GET'] },
      credentials: { schemes: ['bearer' as const], realm: 'one' },
      caching: {
        default: 'private, max-age=60',
        rules: [{ path: '/v1/calls', policy: { visibility: 'private' as const, maxAge: 30 } }],
      },
    }
    const { gate, keys } = gateWith(options, accounts)
    options.terms.url = 'https://other.example/'
    options.terms.version = '2'
    options.terms.clauses['connections-exhausted'] = '0'
    options.limits.read = 100
    options.connections.waitMs = 60_000
    options.connections.classify = () => 'other'
    options.requests.paths[0] = '/other'
    options.requests.methods.push('POST')
    options.credentials.realm = 'two'
    options.credentials.schemes.length = 0
    options.caching.rules[0]!.policy.maxAge = 9
    options.caching.default = 'public'

    const admission = await admitted(gate, asking(keys.crm))
    const head = new Map<string, unknown>()
    admission.stamp(headOver(head))
    expect(head.get('Cache-Control')).toBe('private, max-age=30')
    expect(head.get('Link')).toContain(TERMS.url)
    const over = await gate.admit(asking(keys.crm))
    if (over.admitted) throw new Error('admitted')
    expect(over.problem).toMatchObject({ limit: 1, terms_clause: '9(z)', terms_version: '1' })
    expect(over.headers.Link).toContain(TERMS.url)
    const missing = await gate.admit(asking(undefined))
    expect(missing).toMatchObject({ reason: 'credentials-missing' })
    expect(JSON.stringify(!missing.admitted && missing.headers)).toContain('one')
    expect(outcomeOf(await gate.admit(asking(keys.crm, 'POST')))).toBe('method-not-allowed')
  })
})

function headOver(fields: Map<string, unknown>): ResponseHead {
  return {
    statusCode: 200,
    getHeader: (name) => fields.get(name) as string | undefined,
    setHeader: (name, value) => fields.set(name, value),
    removeHeader: (name) => void fields.delete(name),
    getHeaderNames: () => [...fields.keys()],
  }
}
