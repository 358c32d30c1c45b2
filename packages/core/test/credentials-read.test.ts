import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCredentialCheck } from '../src/credentials/index.js'
import { memoryRegistry } from '../src/accounts/memory/memory-registry.js'
import type { CredentialsOptions } from '../src/credentials/index.js'
import type { Ground } from '../src/refusal.js'
import { readRequest } from '../src/request.js'
import type { GateRequest } from '../src/request.js'
import { basic, bearer, challengesOf, checkOver, holder, requestWith, told } from './credentials-setting.js'

const acme = holder()
const { key } = acme
const registry = memoryRegistry({
  accounts: [acme.registration.account],
  clients: [acme.registration.client],
})

function answerTo(request: GateRequest, options: CredentialsOptions = {}) {
  const answer = checkOver(registry, options).check.identify(request)
  if (answer instanceof Promise) throw new Error('a registry in memory is not waited for')
  return answer
}
const toldOf = (request: GateRequest, options?: CredentialsOptions) => told(answerTo(request, options))
const encoded = (text: string | Buffer) => Buffer.from(text as string).toString('base64')
const authorized = (value: string) => requestWith([['Authorization', value]])

/** With titles that tell no key, since titles are printed. */
const titled = (texts: readonly string[]) =>
  texts.map((text) => [text.replaceAll(key.slice(key.indexOf('_') + 1, -1), '…'), text] as const)

describe('one credential in one place', () => {
  it('is taken as a Bearer token, whatever the case of the scheme and however many spaces follow it', () => {
    for (const start of ['Bearer ', 'bearer ', 'BEARER ', 'Bearer    ']) {
      expect(toldOf(authorized(start + key))).toBe('acme')
    }
  })

  it('is taken as Basic, with the client id as user', () => {
    expect(toldOf(basic('acme-crm', key))).toBe('acme')
    expect(toldOf(authorized(`bAsIc  ${encoded(`acme-crm:${key}`)}`))).toBe('acme')
  })

  it('is taken in a header field, which may have another name', () => {
    expect(toldOf(requestWith([['X-API-Key', key]]))).toBe('acme')
    expect(toldOf(requestWith([['Acme-Key', key]]), { header: 'ACME-key' })).toBe('acme')
    expect(toldOf(requestWith([['X-API-Key', key]]), { header: 'acme-key' })).toBe('credentials-missing')
  })

  it('is named with the field that held it', () => {
    expect(answerTo(bearer(key))).toMatchObject({ field: 'Authorization', hint: `key_…${key.slice(-4)}` })
    expect(answerTo(basic('acme-crm', key))).toMatchObject({ field: 'Authorization' })
    expect(answerTo(requestWith([['X-API-Key', key]]))).toMatchObject({ field: 'x-api-key' })
  })

  it('is looked for only where a scheme is on', () => {
    expect(toldOf(bearer(key), { schemes: ['header'] })).toBe('credentials-missing')
    expect(toldOf(bearer(key), { schemes: ['basic'] })).toBe('credentials-missing')
    expect(toldOf(basic('acme-crm', key), { schemes: ['bearer'] })).toBe('credentials-missing')
    expect(toldOf(requestWith([['X-API-Key', key]]), { schemes: ['bearer'] })).toBe('credentials-missing')
    expect(
      toldOf(
        requestWith([
          ['X-API-Key', key],
          ['Authorization', 'Digest a="b"'],
        ]),
        { schemes: ['header'] },
      ),
    ).toBe('acme')
  })
})

describe('no credential', () => {
  it.each(titled(['Digest username="x"', 'Negotiate abc', `Token ${key}`, key, 'Bearer,']))(
    'is what %j is',
    (_, value) => {
      expect(toldOf(authorized(value))).toBe('credentials-missing')
    },
  )
})

describe('more than one credential', () => {
  it.each([
    [
      'two Authorization lines, of which Node keeps the first',
      [
        ['Authorization', `Bearer ${key}`],
        ['authorization', 'Bearer x'],
      ],
    ],
    [
      'the same Authorization line twice',
      [
        ['Authorization', `Bearer ${key}`],
        ['Authorization', `Bearer ${key}`],
      ],
    ],
    [
      'Authorization and a header field',
      [
        ['Authorization', `Bearer ${key}`],
        ['X-API-Key', key],
      ],
    ],
    [
      'another scheme and a header field',
      [
        ['Authorization', 'Digest x'],
        ['X-API-Key', key],
      ],
    ],
    [
      'two header fields',
      [
        ['X-API-Key', key],
        ['x-api-key', key],
      ],
    ],
    ['a list in one header field', [['X-API-Key', `${key}, ${key}`]]],
  ] as const)('is %s', (_name, lines) => {
    expect(toldOf(requestWith(lines))).toBe('credentials-ambiguous')
  })

  it('is seen in lists too, where an adapter gives no raw lines', () => {
    const parts = { method: 'GET', target: '/' }
    expect(toldOf(readRequest({ ...parts, headers: { 'x-api-key': [key, key] } }))).toBe(
      'credentials-ambiguous',
    )
    expect(
      toldOf(readRequest({ ...parts, headers: { authorization: `Bearer ${key}`, 'x-api-key': key } })),
    ).toBe('credentials-ambiguous')
  })
})

describe('a credential that is not of its form', () => {
  it.each([
    ['an empty Authorization', authorized('')],
    ['Bearer alone', authorized('Bearer')],
    ['Bearer with spaces alone', authorized('Bearer   ')],
    ['Bearer with a tab', authorized(`Bearer \t${key}`)],
    ['Bearer with two tokens', authorized(`Bearer ${key} ${key}`)],
    ['Bearer with a list', authorized(`Bearer ${key}, Bearer ${key}`)],
    ['Bearer with quotes', authorized(`Bearer "${key}"`)],
    ['Bearer with padding in front', authorized(`Bearer =${key}`)],
    ['a very long Bearer token', authorized(`Bearer ${'a'.repeat(257)}`)],
    ['an empty header field', requestWith([['X-API-Key', '']])],
    ['a header field with spaces', requestWith([['X-API-Key', `Bearer ${key}`]])],
    ['a header field beyond ASCII', requestWith([['X-API-Key', `${key}é`]])],
    ['a very long header field', requestWith([['X-API-Key', 'a'.repeat(257)]])],
    ['Basic alone', authorized('Basic')],
    ['Basic without a colon', authorized(`Basic ${encoded(key)}`)],
    ['Basic without a password', basic('acme-crm', '')],
    [
      'Basic with junk that Node would skip',
      authorized(`Basic ${encoded(`acme-crm:${key}`).replace(/^(..)/, '$1!')}`),
    ],
    [
      'Basic with a space inside',
      authorized(`Basic ${encoded(`acme-crm:${key}`).replace(/^(....)/, '$1 ')}`),
    ],
    ['Basic without padding', authorized(`Basic ${encoded('a:bc').replaceAll('=', '')}a`)],
    [
      'Basic with the URL alphabet',
      authorized(`Basic ${Buffer.from('a:\u00bf\u00bf\u00bf').toString('base64url')}`),
    ],
    ['Basic with bits in its padding', authorized('Basic YTpiYx==')],
    [
      'Basic that is no UTF-8',
      authorized(`Basic ${Buffer.from([0x61, 0x3a, 0xff, 0xfe]).toString('base64')}`),
    ],
    ['Basic with a control character', basic('acme\u0000', key)],
    ['Basic with a line break in the password', basic('acme-crm', `${key}\n`)],
    ['very long Basic', basic('a'.repeat(5000), key)],
    ['Basic with a very long password', basic('a', 'a'.repeat(257))],
  ])('is %s', (_name, request) => {
    const answer = answerTo(request)
    expect(told(answer)).toBe('credentials-malformed')
    expect(challengesOf(answer)[0]).toMatch(
      /^Bearer realm="telephony", error="invalid_request", error_description="[^"]+"$/,
    )
  })

  it('is no crash, whatever stands in the fields', () => {
    const value = fc.string({ unit: 'binary', maxLength: 80 })
    const { check } = checkOver(registry)
    fc.assert(
      fc.property(
        fc.constantFrom('Bearer ', 'Basic ', '', 'basic', 'Bearer'),
        value,
        value,
        fc.boolean(),
        (start, a, b, both) => {
          const lines: [string, string][] = [['Authorization', start + a]]
          if (both) lines.push(['x-api-key', b])
          expect(told(check.identify(requestWith(lines)) as Ground)).toMatch(/^credentials-/)
        },
      ),
    )
  })
})

describe('Basic', () => {
  it('refuses a key with the id of another client', () => {
    expect(toldOf(basic('acme-wallboard', key))).toBe('credentials-invalid')
    expect(toldOf(basic('', key))).toBe('credentials-invalid')
    expect(toldOf(basic('ACME-CRM', key))).toBe('credentials-invalid')
  })

  it('ends the client id at the first colon', () => {
    expect(toldOf(basic('acme-crm', `:${key}`))).toBe('credentials-invalid')
  })

  it('takes client ids beyond ASCII, in UTF-8', () => {
    const other = holder({ account: { id: 'ünï' }, client: { id: 'ünï-crm' } })
    const { check } = checkOver(
      memoryRegistry({ accounts: [other.registration.account], clients: [other.registration.client] }),
    )
    expect(check.identify(basic('ünï-crm', other.key))).toMatchObject({ account: { id: 'ünï' } })
  })
})

describe('a key in the URL (clause 4(b))', () => {
  it.each(
    titled([
      '/v1/calls?access_token=x',
      '/v1/calls?a=1&API_KEY=x',
      '/v1/calls?apikey',
      '/v1/calls?api-key=',
      '/v1/calls?x-api-key=1',
      '/v1/calls?%61pi_key=1',
      '/v1/calls?api%5fkey=1',
      '/v1/calls?api_key[]=1',
      '/v1/calls?api_key%5B0%5D=1',
      '/v1/calls?a=1;api_key=2',
      `/v1/calls?q=${key}`,
      `/v1/calls?${key}`,
      `/v1/calls?q=${key.replace('_', '%5F')}`,
      `/v1/calls?q=%ff&r=${key}`,
      `/v1/calls?authorization=Bearer%20${key}`,
      `/v1/calls?authorization=Bearer+${key}`,
      `/v1/calls?a=%&b=${key}`,
      'http://user:pass@host/v1/calls',
      'https://user@host',
      'http://user@host?x=1',
    ]),
  )('is refused before anything else: %s', (_, target) => {
    expect(toldOf(bearer(key, target))).toBe('credentials-in-url')
    expect(toldOf(requestWith([], target))).toBe('credentials-in-url')
    expect(JSON.stringify(answerTo(requestWith([], target)))).not.toContain(key)
  })

  it.each(
    titled([
      '/v1/calls',
      '/v1/calls?',
      '/v1/calls?q=api_key',
      '/v1/calls?my_api_key=1',
      '/v1/calls?api_keys=1',
      '/v1/calls?page_token=abc_def',
      `/v1/calls?q=${key}x`,
      `/v1/calls?q=${key.slice(0, -1)}`,
      '/v1/calls?email=a%40b.example',
      '/v1/calls?u=http://u:p@h/',
      '/v1/@me',
      'http://host/v1/@me',
      'http://host?user=a@b',
      '*',
      `/v1/calls?cursor=a_${'b'.repeat(60)}`,
    ]),
  )('is not seen where there is none: %s', (_, target) => {
    expect(toldOf(bearer(key, target))).toBe('acme')
  })

  it('has the name of the configured field too', () => {
    expect(toldOf(bearer(key, '/?Acme.Key=1'), { header: 'acme.key' })).toBe('credentials-in-url')
    expect(toldOf(bearer(key, '/?acmeXkey=1'), { header: 'acme.key' })).toBe('acme')
  })

  it('is found wherever it stands in a query', () => {
    const part = fc.stringMatching(/^[a-z0-9=%+_.-]{0,12}$/)
    fc.assert(
      fc.property(
        fc.array(part),
        fc.array(part),
        fc.stringMatching(/^[a-z]{0,5}$/),
        (before, after, name) => {
          const query = [...before, `${name}=${key}`, ...after].join('&')
          expect(toldOf(bearer(key, `/?${query}`))).toBe('credentials-in-url')
        },
      ),
    )
  })
})

describe('a challenge', () => {
  it('is one line for each scheme, without an error where nothing was sent (RFC 6750 §3.1)', () => {
    expect(challengesOf(answerTo(requestWith([])))).toEqual([
      'Bearer realm="telephony"',
      'Basic realm="telephony", charset="UTF-8"',
      'ApiKey realm="telephony", header="x-api-key"',
    ])
    expect(
      challengesOf(answerTo(requestWith([]), { schemes: ['header'], header: 'Acme-Key', realm: 'Acme' })),
    ).toEqual(['ApiKey realm="Acme", header="acme-key"'])
  })

  it('tells whoever sent a Bearer token what is wrong with it, and nobody else', () => {
    const wrong = holder().key
    expect(challengesOf(answerTo(bearer(wrong)))[0]).toMatch(
      /^Bearer realm="telephony", error="invalid_token", error_description="[^"\\]+"$/,
    )
    expect(challengesOf(answerTo(bearer(wrong)))).toHaveLength(3)
    expect(challengesOf(answerTo(basic('acme-crm', wrong)))[0]).toBe('Bearer realm="telephony"')
    expect(challengesOf(answerTo(requestWith([['X-API-Key', wrong]])))[0]).toBe('Bearer realm="telephony"')
  })

  it('is left out of a 400 where Bearer is off', () => {
    expect(challengesOf(answerTo(authorized('Basic'), { schemes: ['basic'] }))).toEqual([])
  })

  it('takes the name of the API as its realm, without what a realm may not hold', () => {
    const answer = checkOverApi('a "b"\\\r\nc é')
    expect(challengesOf(answer)[0]).toBe('Bearer realm="a bc"')
    expect(challengesOf(checkOverApi('é'))[0]).toBe('Bearer realm="api"')
  })
})

function checkOverApi(api: string) {
  const { clock } = checkOver(registry)
  const answer = createCredentialCheck({}, { api, registry, clock }).identify(requestWith([]))
  if (answer instanceof Promise) throw new Error('nothing was to be waited for')
  return answer
}
