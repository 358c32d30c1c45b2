import type { Server } from 'node:http'
import { connect } from 'node:net'
import { inspect } from 'node:util'
import { createGate, issueKey, memoryRegistry, type Gate, type GateOptions } from '@api-terms/core'
import { guardUpgrades } from '@api-terms/core/node'
import { expect, test } from 'vitest'
import { answerOf, Http2Caller } from './callers/http2.js'
import {
  close,
  listen,
  SUBJECTS,
  type Exchanged,
  type Handlers,
  type Running,
  type Subject,
} from './subjects.js'

const EVENTS = ['admitted', 'refused', 'abandoned', 'released', 'warning'] as const
const TERMS = { url: 'https://provider.example/terms', version: '2026-01' }

/** Everything that a test has seen, to be searched for keys. */
class Evidence {
  readonly #seen: { what: string; text: string }[] = []

  /** Keeps a value in all the ways that a log might write it. */
  add(what: string, value: unknown): void {
    this.#seen.push({ what, text: textsOf(value).join('\n') })
  }

  has(what: string): boolean {
    return this.#seen.some((each) => each.what === what)
  }

  /** What tells a key, plainly, encoded, or as digits of base64. */
  leaksOf(keys: readonly string[]): string[] {
    const forms = keys.flatMap((key) => [key, ...base64Of(key), Buffer.from(key).toString('hex')])
    return this.#seen.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ what }) => what)
  }
}

function textsOf(value: unknown): string[] {
  const everything = { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null }
  const texts = [String(value), inspect(value), inspect(value, everything), jsonOf(value)]
  if (value instanceof Error) texts.push(value.stack ?? '', value.message)
  // As it was sent, and as it would be read.
  return texts.flatMap((text) => [text, text.replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => charOf(hex))])
}

function charOf(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16))
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

/** The part of base64 that does not depend on what stands before and behind, for each of the three alignments. */
function base64Of(key: string): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${'x'.repeat(shift)}${key}`).toString('base64')
    return text.slice(shift === 0 ? 0 : 4, text.length - 4)
  })
}

const good = issueKey()
const other = issueKey()
const suspended = issueKey()
const stranger = issueKey()
const KEYS = [good, other, suspended, stranger].map(({ key }) => key)

function options(more: Partial<GateOptions> = {}): GateOptions {
  return {
    terms: TERMS,
    registry: memoryRegistry({
      accounts: [{ id: 'acme' }, { id: 'initech', status: 'suspended' }],
      clients: [
        {
          id: 'crm',
          account: 'acme',
          credentials: [{ id: 'first', digest: good.digest }, { digest: other.digest }],
        },
        { id: 'late', account: 'initech', credentials: [{ digest: suspended.digest }] },
      ],
    }),
    requests: { paths: ['/v1/*rest'], maxBodyBytes: 1000 },
    ...more,
  }
}

/** The first line of a request without its version, and its fields. */
type Head = readonly [string, ...string[]]

/** Requests with keys in the right place, and in every wrong one. */
function requests(key: string): Head[] {
  const basic = (pair: string) => Buffer.from(pair).toString('base64')
  return [
    ['GET /v1/json', `Authorization: Bearer ${key}`],
    ['GET /v1/json', `X-API-Key: ${key}`],
    ['GET /v1/json', `Authorization: Basic ${basic(`crm:${key}`)}`],
    ['GET /v1/json', `Authorization: Basic ${basic(`${key}:${key}`)}`],
    ['GET /v1/json', `Authorization: Digest ${key}`],
    ['GET /v1/json', `Authorization: ${key}`],
    ['GET /v1/json', `Authorization: Bearer ${key}x`],
    ['GET /v1/json', `Authorization: Bearer ${key}`, `X-API-Key: ${key}`],
    ['GET /v1/json', `Authorization: Bearer ${key}`, `Authorization: Bearer ${key}`],
    [`GET /v1/json?access_token=${key}`],
    [`GET /v1/json?x=${key}`, `Authorization: Bearer ${key}`],
    [`GET /v1/${key}`, `Authorization: Bearer ${key}`],
    [`GET /v1/a${key}b/c`, `Authorization: Bearer ${key}`],
    [`GET /v1/${key.replace('_', '%5F')}`, `Authorization: Bearer ${key}`],
    [`GET /v1/${key.replace('_', '%5f').replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`)}`],
    [`GET /${key}`, `Authorization: Bearer ${key}`],
    [`GET /v1//${key}`],
    [`GET /v1/;${key}`],
    [`GET http://${key}@gate.test/v1/json`],
    [`GET http://crm:${key}@gate.test/v1/json`, `Authorization: Bearer ${key}`],
    ['GET /v1/json', `Host: ${key}`],
    ['GET /v1/json', `Cookie: ${key}`, `X-HTTP-Method-Override: ${key}`],
    ['PUT /v1/json', `Authorization: Bearer ${key}`, `Content-Type: ${key}/${key}`, 'Content-Length: 0'],
    ['POST /v1/json', `Authorization: Bearer ${key}`, 'Content-Length: 5000'],
    ['PROPFIND /v1/json', `Authorization: Bearer ${key}`],
    ['GET /v1/throws', `Authorization: Bearer ${key}`],
    ['GET /v1/looks', `Authorization: Bearer ${key}`],
    ['GET /v1/socket', `Authorization: Bearer ${key}`, 'Connection: Upgrade', 'Upgrade: websocket'],
    [
      `GET /v1/socket?token=${key}`,
      `Authorization: Bearer ${key}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
    ],
    ['GET /v1/socket', `Authorization: Bearer ${key}`, 'Connection: Upgrade', `Upgrade: ${key}`],
  ]
}

function handlers(evidence: Evidence): Handlers {
  const looks = ({ res, admission }: Exchanged) => {
    evidence.add('an admission', admission)
    evidence.add('a connection', admission?.connection)
    evidence.add(
      'a refused word on caching',
      thrownBy(() => admission?.cache('max-age=1, no-store, bogus="')),
    )
    res.end('ok')
  }
  return {
    '/v1/json': { answers: { json: { ok: true } } },
    '/v1/throws': { throws: 'the handler is out of order' },
    '/v1/looks': { does: looks },
  }
}

function thrownBy(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

function answerTo(running: Running, head: Head): Promise<string> {
  return running.subject.http2 ? answerOverHttp2(running, head) : answerOverHttp1(running, head)
}

/** Sends bytes and gathers what comes until the connection is over. */
function answerOverHttp1(running: Running, [first, ...fields]: Head): Promise<string> {
  const lines = [`${first} HTTP/1.1`, 'Host: gate.test', 'Connection: close', ...fields, '', '']
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(running.port, '127.0.0.1', () => socket.write(lines.join('\r\n')))
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
      // A body that was announced and never sent: the answer is here, and all there is.
      if (text.includes('\r\n\r\n')) setTimeout(() => socket.destroy(), 50)
    })
    socket.on('error', () => {}).on('close', () => resolve(text))
  })
}

async function answerOverHttp2(running: Running, [first, ...lines]: Head): Promise<string> {
  const [method = '', target = ''] = first.split(' ')
  const fields = lines.map((line): [string, string] => {
    const [name = '', value = ''] = line.split(/: (.*)/)
    return [name === 'Host' ? ':authority' : name, value]
  })
  const announced = lines.includes('Content-Length: 5000')
  const caller = await Http2Caller.to(running.port)
  try {
    return JSON.stringify(await answerOf(caller.open(method, target, fields, announced ? null : '')))
  } catch (error) {
    return String(error)
  } finally {
    caller.close()
  }
}

/** HTTP/2 has no upgrades, and Node's client sends a field of this kind once only. */
function canBeSent({ http2 }: Subject, [, ...fields]: Head): boolean {
  const names = fields.map((field) => field.slice(0, field.indexOf(':')))
  return !http2 || (!names.includes('Upgrade') && new Set(names).size === names.length)
}

function watch(gate: Gate, evidence: Evidence): string[] {
  const seen: string[] = []
  for (const name of EVENTS) {
    gate.on(name, (event) => {
      seen.push(name)
      evidence.add(`an event ${name}`, event)
    })
  }
  return seen
}

async function printedDuring(act: () => Promise<void>, evidence: Evidence): Promise<void> {
  const warn = (warning: Error) => evidence.add('a warning of the process', warning)
  const streams = [process.stdout, process.stderr] as const
  const writes = streams.map((stream) => stream.write.bind(stream))
  process.on('warning', warn)
  streams.forEach((stream, index) => {
    stream.write = ((...args: Parameters<typeof stream.write>) => {
      evidence.add('what was printed', args[0])
      return writes[index]!(...args)
    }) as typeof stream.write
  })
  try {
    await act()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('warning', warn)
    streams.forEach((stream, index) => (stream.write = writes[index]!))
  }
}

test.each(SUBJECTS)(
  'over $name no key stands in any answer, event, admission, list or warning',
  async (subject) => {
    const evidence = new Evidence()
    const gate = createGate(options())
    const seen = watch(gate, evidence)
    await printedDuring(async () => {
      const running = await listen(subject, gate, handlers(evidence))
      if (!subject.http2) {
        guardUpgrades(gate, running.server as Server, (_req, socket, _head, admission) => {
          evidence.add('the admission of an upgrade', admission)
          socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
        })
      }
      const heads = KEYS.flatMap((key) => requests(key)).filter((head) => canBeSent(subject, head))
      for (const head of heads) {
        const answer = await answerTo(running, head)
        // The page with which Express says that it has no such route repeats the path.
        if (!answer.startsWith('HTTP/1.1 404') || answer.includes('problem+json'))
          evidence.add('an answer', answer)
      }
      evidence.add('the gate', gate)
      evidence.add('the list of connections', await gate.connections())
      await close(running)
    }, evidence)
    expect(seen).toEqual(expect.arrayContaining(['admitted', 'refused', 'released']))
    expect(evidence.has('an admission')).toBe(true)
    expect(evidence.has('an answer')).toBe(true)
    expect(evidence.leaksOf(KEYS)).toEqual([])
  },
)

test('a refusal, an admission and the registry tell no key to those who look into them', async () => {
  const evidence = new Evidence()
  const registry = memoryRegistry({
    accounts: [{ id: 'acme' }],
    clients: [{ id: 'crm', account: 'acme', credentials: [{ digest: good.digest }] }],
  })
  const gate = createGate(options({ registry }))
  watch(gate, evidence)
  for (const key of KEYS) {
    const outcome = await gate.admit({
      method: 'GET',
      target: `/v1/json`,
      headers: { authorization: `Bearer ${key}` },
      rawHeaders: ['Authorization', `Bearer ${key}`],
    })
    evidence.add('an outcome', outcome)
    if (outcome.admitted) evidence.add('a connection', outcome.connection)
    evidence.add('the list', await gate.connections())
  }
  evidence.add('the gate', gate)
  evidence.add('the registry', registry)
  await gate.close()
  expect(evidence.leaksOf(KEYS)).toEqual([])
})

test('a registry or an option that fails leads to warnings that tell no key', async () => {
  const evidence = new Evidence()
  const failing = { findByDigest: () => Promise.reject(new Error('the database is away')) }
  const out = () => {
    throw new Error('out of order')
  }
  const gates = [
    createGate(options({ registry: failing })),
    createGate(options({ limits: out, skip: out })),
    createGate(options({ connections: { classify: out } })),
  ]
  for (const gate of gates) {
    const seen = watch(gate, evidence)
    for (const key of KEYS) {
      const headers = { authorization: `Bearer ${key}` }
      evidence.add(
        'an outcome',
        await gate.admit({ method: 'GET', target: `/v1/${key}?key=${key}`, headers }),
      )
      evidence.add('an outcome', await gate.admit({ method: 'GET', target: `/v1/json`, headers }))
    }
    expect(seen).toContain('warning')
    await gate.close()
  }
  expect(evidence.leaksOf(KEYS)).toEqual([])
})

test('what is wrong with options is told without the key that was put there by mistake', () => {
  const { key, digest } = good
  const wrong: unknown[] = [
    options({ registry: key as never }),
    options({ api: `${key} ${key}` }),
    options({ api: `${key}/${key}` }),
    options({ terms: { url: key } }),
    options({ terms: { url: `https://crm:${key}@provider.example/terms#${key}` } }),
    options({ terms: { ...TERMS, version: [key] as never } }),
    options({ terms: { ...TERMS, clauses: { [key]: key } } }),
    options({ credentials: { prefix: key } }),
    options({ credentials: { header: `${key} ${key}` } }),
    options({ credentials: { realm: `"${key}"` } }),
    options({ credentials: { schemes: [key as never] } }),
    options({ credentials: { [key]: key } }),
    options({ credentials: key as never }),
    options({ limits: { [key]: key as never } }),
    options({ limits: { [`${key}!`]: 1 } }),
    options({ requests: { paths: [key, `/${key}/(`, `/:${key}?`] } }),
    options({
      requests: { methods: [`${key}(`], mediaTypes: [key], upgrades: [`${key} x`], trustedProxies: [key] },
    }),
    options({ requests: { block: [{ [key]: true }] } }),
    options({ caching: { default: `max-age=${key}` } }),
    options({ caching: { default: key, rules: [{ path: key, policy: `${key}=1` }] } }),
    options({ mode: key as never, clock: key as never, skip: key as never }),
    { ...options(), [key]: key },
  ]
  const evidence = new Evidence()
  for (const given of wrong) {
    const error = thrownBy(() => createGate(given as GateOptions))
    expect(error).toBeInstanceOf(Error)
    evidence.add(`the complaint about ${wrong.indexOf(given)}`, error)
  }
  const account = { id: 'acme' }
  const records: unknown[] = [
    { accounts: [account], clients: [{ id: 'crm', account: 'acme', credentials: [{ digest: key }] }] },
    { accounts: [account], clients: [{ id: 'crm', account: 'acme', credentials: [{ digest, key }] }] },
    { accounts: [account], clients: [{ id: 'crm', account: key, credentials: [key] }] },
    { accounts: [account], clients: [{ id: 'crm', account: 'acme', credentials: [{ digest, [key]: key }] }] },
    { accounts: [{ ...account, [key]: 1 }], clients: key },
    { accounts: [{ ...account, limits: { read: key }, status: key }] },
  ]
  for (const given of records) {
    const error = thrownBy(() => memoryRegistry(given as never))
    expect(error).toBeInstanceOf(Error)
    evidence.add(`the complaint about the records ${records.indexOf(given)}`, error)
  }
  evidence.add(
    'a prefix that is a key',
    thrownBy(() => issueKey({ prefix: `${key}${key}` })),
  )
  expect(evidence.leaksOf(KEYS)).toEqual([])
})
