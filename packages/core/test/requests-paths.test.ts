import * as fc from 'fast-check'
import { match } from 'path-to-regexp'
import { describe, expect, it, test } from 'vitest'
import type { GateRequest } from '../src/request.js'
import { createRequestCheck, type BlockRule } from '../src/requests/index.js'
import { ask, asked, reason } from './requests-ask.js'

describe('documented paths', () => {
  const paths = [
    '/v1/calls',
    '/v1/calls/:id',
    '/v1/files/*rest',
    '/v1/users{/:id}/keys',
    '/v1/café',
    '/v1/a%40b',
    '/v1/a\\+b',
  ]
  const cases: [string, string][] = [
    ['/v1/calls', 'admitted'],
    ['/V1/CALLS/', 'admitted'],
    ['/v1/calls?a=b', 'admitted'],
    ['/v1/calls/7', 'admitted'],
    ['/v1/calls/caf%C3%A9', 'admitted'],
    ['/v1/files/a/b/c', 'admitted'],
    ['/v1/users/keys', 'admitted'],
    ['/v1/users/7/keys', 'admitted'],
    ['/v1/caf%c3%a9', 'admitted'],
    ['/v1/a@b', 'admitted'],
    ['/v1/a%40b', 'admitted'],
    ['/v1/a+b', 'admitted'],
    ['/v1/calls/7/8', 'path-not-documented'],
    ['/v1/files', 'path-not-documented'],
    ['/v1/call', 'path-not-documented'],
    ['/v1/callsx', 'path-not-documented'],
    ['/x/v1/calls', 'path-not-documented'],
    ['/', 'path-not-documented'],
  ]
  test.each(cases)('%s: %s', async (target, expected) => {
    expect(await reason({ paths }, { target })).toBe(expected)
  })

  it('may be more than one expression holds', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => `/v1/things${index}/:id{/parts{/:part}}`)
    expect(await reason({ paths: many }, { target: '/v1/things0/a' })).toBe('admitted')
    expect(await reason({ paths: many }, { target: '/v1/things999/a/parts/b' })).toBe('admitted')
    expect(await reason({ paths: many }, { target: '/v1/things1000/a' })).toBe('path-not-documented')
  })

  it('are read of each request anew', () => {
    const { check } = createRequestCheck({ paths: ['/v1/a@b', '/v1/café'] })
    const answer = (target: string) => check(asked({ target }))
    expect(answer('/v1/a%40b')).toBeUndefined()
    expect(answer('/v1/c%40d')).toMatchObject({ reason: 'path-not-documented' })
    expect(answer('/v1/caf%C3%A9')).toBeUndefined()
  })

  it('with an asterisk of their own cover the server as a whole', async () => {
    expect(await reason({ paths: ['/v1'] }, { method: 'OPTIONS', target: '*' })).toBe('path-not-documented')
    expect(await reason({ paths: ['\\*'] }, { method: 'OPTIONS', target: '*' })).toBe('admitted')
  })

  it('match as each of them alone does in path-to-regexp', async () => {
    const piece = fc.constantFrom('/a', '/b', '/:x', '/*y', '{/:z}', '/a:x', '/a.:x', '{/b}', '/a\\(b\\)')
    const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map(nameEach).filter(parses)
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c', 'aa', 'a.b', 'a(b)', 'A'), { maxLength: 5 })
      .map((parts) => `/${parts.join('/')}`)
    await fc.assert(
      fc.asyncProperty(fc.array(pattern, { minLength: 1, maxLength: 6 }), path, async (patterns, target) => {
        const expected = patterns.some((one) => match(one)(target) !== false)
        expect(await reason({ paths: patterns }, { target })).toBe(
          expected ? 'admitted' : 'path-not-documented',
        )
      }),
      { numRuns: 500 },
    )
  })
})

const block = (...rules: BlockRule[]) => ({ block: rules })

describe('a block rule', () => {
  it('needs every condition that it names', async () => {
    const rule = {
      path: '/v1/calls',
      methods: ['POST'],
      when: (request: GateRequest) => request.query === 'x',
    }
    const options = block(rule)
    expect(await reason(options, { method: 'POST', target: '/v1/calls?x' })).toBe('request-blocked')
    expect(await reason(options, { method: 'PUT', target: '/v1/calls?x' })).toBe('admitted')
    expect(await reason(options, { method: 'POST', target: '/v1/call?x' })).toBe('admitted')
    expect(await reason(options, { method: 'POST', target: '/v1/calls?y' })).toBe('admitted')
  })

  it('for GET blocks HEAD', async () => {
    expect(await reason(block({ methods: ['GET'] }), { method: 'HEAD' })).toBe('request-blocked')
    expect(await reason(block({ methods: ['POST'] }), { method: 'HEAD' })).toBe('admitted')
  })

  it('says what the provider wants said', () => {
    expect(ask(block({ path: '/v1/calls', detail: 'Closed on Sundays.' }), {})).toMatchObject({
      reason: 'request-blocked',
      detail: 'Closed on Sundays.',
    })
  })

  it('is answered at once where it does not wait', () => {
    expect(ask(block({ when: () => true }), {})).toMatchObject({ reason: 'request-blocked' })
    expect(ask(block({ when: () => false }), {})).toBeUndefined()
  })

  it('may wait, in turn with the others', async () => {
    const order: string[] = []
    const waits = (name: string, answer: boolean) => ({
      detail: name,
      when: async () => {
        order.push(name)
        await Promise.resolve()
        return answer
      },
    })
    const options = block(waits('a', false), waits('b', true), waits('c', true))
    expect(await ask(options, {})).toMatchObject({ detail: 'b' })
    expect(order).toEqual(['a', 'b'])
  })

  it('that lets pass after waiting leaves the rest of the checks to come', async () => {
    const options = { ...block({ when: () => Promise.resolve(false) }), maxBodyBytes: 1 }
    expect(await reason(options, {})).toBe('admitted')
    expect(await reason(options, { method: 'POST', lines: [['Content-Length', '2']] })).toBe('body-too-large')
  })

  const broken: [string, BlockRule['when']][] = [
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'throws after a rule that waited',
      async () => {
        throw new Error('broken')
      },
    ],
  ]
  test.each(broken)('that %s blocks', async (_, when) => {
    expect(await reason(block({ when: () => false }, { when }), {})).toBe('request-blocked')
    expect(await reason(block({ when: () => Promise.resolve(false) }, { when }), {})).toBe('request-blocked')
  })

  it('reads the same request as every check', async () => {
    let seen: GateRequest | undefined
    const when = (request: GateRequest) => {
      seen = request
      return false
    }
    await ask(block({ when }), { target: '/v1/calls?a=b' })
    expect(seen).toMatchObject({ method: 'GET', path: '/v1/calls', query: 'a=b' })
  })

  it('is not walked around by case, encoding or slashes', async () => {
    const disguise = fc.record({
      pattern: fc.constantFrom(
        '/v1/admin',
        '/v1/admin{/*rest}',
        '/v1/:user/@keys',
        '/v1/:user/%40keys',
        '/v1/caf%C3%A9/*rest',
      ),
      path: fc.constantFrom('/v1/admin', '/v1/admin/users', '/v1/me@b/@keys', '/v1/caf%C3%A9/x', '/v1/it'),
      flips: fc.array(fc.nat(40)),
      encoded: fc.array(fc.constantFrom(2, 6, 8, 9, 12), { maxLength: 1 }),
      inserted: fc.option(
        fc.tuple(fc.nat(40), fc.constantFrom('/', '/.', '/..', ';x', '%20', '%2f', '.', '//', '\\', '/a/..')),
        { freq: 1 },
      ),
      end: fc.constantFrom('', '/', '?', '//', '/.', '?a=b', '%20'),
    })
    let blocked = 0
    await fc.assert(
      fc.asyncProperty(disguise, async ({ pattern: path, ...made }) => {
        const target = disguised(made)
        const answer = await reason(block({ path }), { target })
        if (answer === 'target-ambiguous') return
        const [read = ''] = target.split('?')
        const routed = match(path)(read) !== false || match(path)(decodeURIComponent(read)) !== false
        if (!routed) return
        blocked++
        expect(answer).toBe('request-blocked')
      }),
      { numRuns: 3000 },
    )
    expect(blocked).toBeGreaterThan(50)
  })
})

interface Disguise {
  path: string
  flips: number[]
  encoded: number[]
  inserted: [number, string] | null
  end: string
}

function disguised({ path, flips, encoded, inserted, end }: Disguise): string {
  const octets = path.match(/%..|./g) ?? []
  for (const at of flips) octets[at] &&= flip(octets[at])
  for (const at of encoded)
    if (octets[at]?.length === 1) octets[at] = `%${octets[at].charCodeAt(0).toString(16)}`
  if (inserted) octets.splice(inserted[0] % octets.length, 0, inserted[1])
  return octets.join('') + end
}

function flip(text: string): string {
  return text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase()
}

/** Parameters need names of their own. */
function nameEach(pieces: string[]): string {
  return pieces.map((piece, index) => piece.replace(/[xyz]/, (name) => `${name}${index}`)).join('')
}

function parses(pattern: string): boolean {
  try {
    match(pattern)
    return pattern.startsWith('/')
  } catch {
    return false
  }
}
