import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLedger, type LedgerEntry, type MisuseEvent } from '@api-terms/core'
import { settled } from '../clock.js'
import { apiOf, FRAMEWORKS, told, type Api } from './setting.js'

const documented = {
  methods: ['GET', 'POST'],
  paths: ['/v1/calls{/:id}', '/v1/events', '/v1/realtime'],
  mediaTypes: ['application/json'],
}

test.each(FRAMEWORKS)(
  '2(c): documented methods, paths and media types come in, and no others (%s)',
  async (framework) => {
    const { ask, client } = await apiOf({ framework, options: { requests: documented } })
    const key = await client('crm')
    const post = (type: string) => ({ method: 'POST', headers: { 'Content-Type': type }, body: '{}' })
    expect(await told(ask(key))).toBe(200)
    expect(await told(ask(key, '/v1/calls', post('application/json')))).toBe(200)
    expect(await told(ask(key, '/v1/calls', post('text/plain')))).toBe('media-type-not-accepted')
    expect(await told(ask(key, '/v1/calls', { method: 'DELETE' }))).toBe('method-not-allowed')
    expect(await told(ask(key, '/v1/internals'))).toBe('path-not-documented')
    expect(await told(ask(key, '/v1/calls//1'))).toBe('target-ambiguous')
  },
)

test.each(FRAMEWORKS)(
  '2(c): a key is needed, and is good for the APIs of its client only (%s)',
  async (framework) => {
    const { ask, client, registry } = await apiOf({ framework })
    const key = await client('crm')
    expect(await told(ask(null))).toBe('credentials-missing')
    expect(await told(ask(key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))))).toBe(
      'credentials-invalid',
    )
    await registry.updateClient({ client: 'crm', apis: ['web-meeting'], by: 'the provider' })
    expect(await told(ask(key))).toBe('api-not-granted')
    await registry.updateClient({ client: 'crm', apis: ['telephony'], by: 'the provider' })
    expect(await told(ask(key))).toBe(200)
  },
)

test('2(d): limits count over all clients of an account, and change while connections are held', async () => {
  const { gate, ask, client, stream } = await apiOf({ options: { limits: { read: 1, write: 1 } } })
  const [crm, wallboard, globex] = [
    await client('crm'),
    await client('wallboard'),
    await client('globex', 'globex'),
  ]
  await stream(crm)
  expect(await told(ask(wallboard))).toBe('connections-exhausted')
  expect(await told(ask(globex))).toBe(200)
  await gate.setLimits({ read: 2 })
  expect(await told(ask(wallboard))).toBe(200)
  await gate.setLimits({ read: 0 })
  expect(await told(ask(globex))).toBe('connections-exhausted')
})

test('2(d): an account that knocks at its limit again and again is told of, and refused for a while', async () => {
  const atLimit = { most: 2, withinMs: 60_000, refuseMs: 5_000 }
  const api = await apiOf({ options: { limits: { read: 1, write: 1 }, misuse: { atLimit } } })
  const signs = signsOf(api)
  const { ask, client, stream, clock } = api
  const key = await client('crm')
  await stream(key)
  const answers = []
  for (let left = 4; left > 0; left -= 1) answers.push(await told(ask(key)))
  expect(answers).toEqual([...Array<string>(3).fill('connections-exhausted'), 'circumvention-suspected'])
  expect(signs).toMatchObject([{ sign: 'often-at-limit', clause: '2(d)', account: 'acme' }])
  clock.advance(5_001)
  expect(await told(ask(key))).toBe('connections-exhausted')
})

test('3(a): each refusal is an event and an entry with clause, account and client, and what is open can be seen', async () => {
  const { gate, ask, client, refused, stream } = await apiOf({ options: { limits: { read: 1, write: 1 } } })
  const entries: LedgerEntry[] = []
  const ledger = createLedger({ sinks: [(entry) => entries.push(entry)] })
  ledger.follow(gate)
  const key = await client('crm')
  await stream(key)
  expect(await told(ask(key))).toBe('connections-exhausted')
  await ledger.close()
  const facts = { reason: 'connections-exhausted', clause: '2(d)', account: 'acme', client: 'crm' }
  expect(refused).toMatchObject([facts])
  expect(entries).toMatchObject([{ what: 'refused', ...facts }])
  expect(await gate.connections()).toMatchObject([{ account: 'acme', client: 'crm', target: '/v1/events' }])
})

test('3(b), 3(d): what a caller sends stands in no event, entry or refusal', async () => {
  const { gate, ask, client, refused, released } = await apiOf({ options: { requests: documented } })
  const entries: LedgerEntry[] = []
  const ledger = createLedger({ sinks: [(entry) => entries.push(entry)] })
  ledger.follow(gate)
  const admitted: unknown[] = []
  gate.on('admitted', (event) => admitted.push(event))
  const key = await client('crm')
  const init = {
    method: 'POST',
    body: 'private-body',
    headers: { 'Content-Type': 'text/plain', 'X-Note': 'private-field' },
  }
  const answer = await ask(key, '/v1/calls?caller=private-value', init)
  const text = await answer.text()
  await told(ask(key, '/v1/calls?caller=private-value'))
  await expect.poll(() => released.length).toBe(1)
  await ledger.close()
  expect([refused.length, admitted.length, entries.length]).toEqual([1, 1, 1])
  const everything = JSON.stringify([refused, admitted, released, entries, text, [...answer.headers]])
  for (const secret of [key, 'private-body', 'private-value', 'private-field'])
    expect(everything).not.toContain(secret)
})

test('3(d): a client without a privacy policy is refused, where one is required', async () => {
  const registration = { requires: ['privacyPolicyUrl'], whenStale: 'refuse' } as const
  const { ask, client, registry } = await apiOf({ options: { registration } })
  const key = await client('crm')
  expect(await told(ask(key))).toBe('registration-stale')
  const privacyPolicyUrl = 'https://acme.example/privacy'
  await registry.updateClient({ client: 'crm', privacyPolicyUrl, by: 'the provider' })
  expect(await told(ask(key))).toBe(200)
})

test('4(a)1: a key that comes from many networks is told of, and refused for a while', async () => {
  const networks = { most: 2, withinMs: 60_000, refuseMs: 5_000 }
  const api = await apiOf({ options: { misuse: { networks }, requests: { trustedProxies: ['loopback'] } } })
  const signs = signsOf(api)
  const key = await api.client('crm')
  const from = (address: string) =>
    told(api.ask(key, '/v1/calls', { headers: { 'X-Forwarded-For': address } }))
  expect([await from('192.0.2.1'), await from('198.51.100.1'), await from('192.0.2.9')]).toEqual([
    200, 200, 200,
  ])
  expect(await from('203.0.113.1')).toBe('sharing-suspected')
  expect(signs).toMatchObject([{ sign: 'many-networks', account: 'acme', client: 'crm' }])
  api.clock.advance(60_001)
  expect(await from('192.0.2.1')).toBe(200)
})

test('4(a)5: long targets and large bodies are refused, told beforehand or sent in chunks', async () => {
  const { ask, client } = await apiOf({ options: { requests: { maxTargetLength: 100, maxBodyBytes: 10 } } })
  const key = await client('crm')
  expect(await told(ask(key, `/v1/${'a'.repeat(100)}`))).toBe('target-too-long')
  const body = 'eleven byte'
  expect(await told(ask(key, '/v1/calls', { method: 'POST', body }))).toBe('body-too-large')
})

test('4(a)7: a key that is unknown, revoked or over is answered as one, without a word of what runs', async () => {
  const { ask, client, registry, clock } = await apiOf()
  const [revoked, good] = [await client('crm'), await client('wallboard')]
  const { credentials } = registry.client('crm')!
  await registry.revokeKey({ client: 'crm', credential: credentials[0]!.digest, by: 'the provider' })
  const ending = await registry.issueKey({
    client: 'wallboard',
    expiresAt: new Date(clock.now() + 1000),
    by: 'the provider',
  })
  clock.advance(2000)
  const answers = await Promise.all(
    [revoked, ending.key, 'key_unknown'].map(async (key) => {
      const answer = await ask(key)
      const { instance: ofEach, ...problem } = (await answer.json()) as { instance: string }
      const { date, ...fields } = Object.fromEntries(answer.headers)
      expect([ofEach, date]).not.toContain(undefined)
      return { status: answer.status, fields, problem }
    }),
  )
  expect(answers[1]).toEqual(answers[0])
  expect(answers[2]).toEqual(answers[0])
  expect(JSON.stringify(answers)).not.toMatch(/node_modules|\.js:|at .*\(/)
  expect(await told(ask(good))).toBe(200)
})

test('4(b)1: a key in a URL is refused, and plain HTTP where TLS is required', async () => {
  const open = await apiOf()
  const key = await open.client('crm')
  expect(await told(open.ask(null, `/v1/calls?api_key=${key}`))).toBe('credentials-in-url')
  const strict = await apiOf({ options: { requests: { https: true, trustedProxies: ['loopback'] } } })
  const other = await strict.client('crm')
  expect(await told(strict.ask(other))).toBe('insecure-transport')
  expect(await told(strict.ask(other, '/v1/calls', { headers: { 'X-Forwarded-Proto': 'https' } }))).toBe(200)
})

test('4(b)1: a key that is replaced lives on for its overlap, and one that is revoked no longer', async () => {
  const { ask, client, registry, clock } = await apiOf()
  const old = await client('crm')
  const { digest } = registry.client('crm')!.credentials[0]!
  const by = 'the provider'
  const next = await registry.rotateKey({ client: 'crm', old: digest, overlapMs: 1000, by })
  expect([await told(ask(old)), await told(ask(next.key))]).toEqual([200, 200])
  clock.advance(1001)
  expect([await told(ask(old)), await told(ask(next.key))]).toEqual(['credentials-invalid', 200])
  await registry.revokeKey({ client: 'crm', credential: next.credential.id, by })
  expect(await told(ask(next.key))).toBe('credentials-invalid')
  expect(JSON.stringify([registry.client('crm'), await registry.history()])).not.toContain(next.key)
})

test('4(b)1: what is open with a key ends as its overlap does, and what waits is refused; the new key holds what it has', async () => {
  const api = await apiOf({
    options: {
      limits: { read: 3 },
      connections: { waitMs: 2 ** 31 - 1, maxHoldMs: Infinity, stallMs: Infinity },
    },
  })
  const { ask, client, registry, clock, gate, stream } = api
  const old = await client('crm')
  const { digest } = registry.client('crm')!.credentials[0]!
  const opened = await stream(old)
  const next = await registry.rotateKey({ client: 'crm', old: digest, overlapMs: 60_000, by: 'the provider' })
  const late = await stream(old)
  await stream(next.key)
  const waiting = told(ask(old))
  await sleep(50)
  clock.advance(59_999)
  await settled()
  expect(await gate.connections()).toHaveLength(3)
  clock.advance(60)
  expect(await opened.ended).toMatch(/^cut off/)
  expect(await late.ended).toMatch(/^cut off/)
  expect(await waiting).toBe('credentials-invalid')
  expect(await gate.connections()).toHaveLength(1)
})

function signsOf({ gate }: Api): MisuseEvent[] {
  const signs: MisuseEvent[] = []
  gate.on('misuse', (event) => signs.push(event))
  return signs
}
