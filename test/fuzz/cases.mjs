// Makes the connections of the fuzz: bytes to send, when, and which requests of them may reach the handler.
import { invalidFields, validFields } from './credentials.mjs'
import { GOOD_TARGETS, HOSTILITIES, ODDITIES } from './hostile.mjs'

const KINDS = {
  unauthorised: 30,
  hostile: 30,
  odd: 5,
  mutated: 15,
  pipelined: 12,
  garbage: 5,
  good: 4,
  smuggled: 4,
}

/**
 * One connection. `may` lists the requests that may reach the handler, all others must not; without it, that is for the handler alone
 * to judge. `requests` is how many were meant.
 */
export function makeCase(random, secrets) {
  const kind = random.weighted(KINDS)
  const made = MAKERS[kind](random, secrets)
  const pieces = random.chance(0.12) ? cut(made.bytes, random) : [made.bytes]
  const leaves = random.chance(0.08)
  if (leaves && random.chance(0.5)) pieces[pieces.length - 1] = shortened(pieces.at(-1), random)
  return { kind, requests: made.requests ?? 1, may: made.may, pieces, leaves, pauseMs: random.whole(0, 20) }
}

const MAKERS = {
  unauthorised(random, secrets) {
    const request = blank(random)
    request.fields.push(...invalidFields(random, secrets))
    if (random.chance(0.5)) random.of([...HOSTILITIES, ...ODDITIES])(request, random, secrets)
    if (random.chance(0.2)) request.target += `?key=${random.of(secrets.keys)}`
    return { bytes: written(request), may: [] }
  },

  hostile(random, secrets) {
    return { bytes: written(hostile(random, secrets)), may: [] }
  },

  good(random, secrets) {
    const request = good(random, secrets)
    return { bytes: written(request), may: [nameOf(request)] }
  },

  odd(random, secrets) {
    const request = blank(random)
    request.fields.push(...validFields(random, secrets))
    random.of(ODDITIES)(request, random, secrets)
    return { bytes: written(request), may: [nameOf(request)] }
  },

  /** Nobody knows what comes of it: the handler judges. */
  mutated(random, secrets) {
    const request = random.chance(0.5) ? good(random, secrets) : hostile(random, secrets)
    let bytes = written(request)
    for (let count = random.whole(1, 4); count > 0; count--) bytes = mutated(bytes, random)
    return { bytes, may: undefined }
  },

  pipelined(random, secrets) {
    const requests = Array.from({ length: random.whole(2, 8) }, () =>
      random.chance(0.5)
        ? { request: good(random, secrets), fine: true }
        : { request: hostile(random, secrets), fine: false },
    )
    return {
      bytes: Buffer.concat(requests.map(({ request }) => written(request))),
      requests: requests.length,
      may: requests.filter(({ fine }) => fine).map(({ request }) => nameOf(request)),
    }
  },

  /** A request inside the body of another, for those who disagree on where that ends. */
  smuggled(random, secrets) {
    const inner = { ...good(random, secrets), target: '/v1/extensions/smuggled' }
    const body = written(inner).toString('latin1')
    const outer = good(random, secrets)
    outer.method = 'POST'
    outer.target = '/v1/calls'
    outer.fields.push('Content-Type: application/json')
    const [fields, content] = random.of([
      [[`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${body}`],
      [['Content-Length: 0', `Content-Length: ${body.length}`], body],
      [['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${body}`],
      [['Transfer-Encoding: xchunked', `Content-Length: ${body.length}`], body],
      [[`Content-Length: ${body.length}`], body],
      [['Transfer-Encoding: chunked'], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
      [['Transfer-Encoding: chunked'], `0\r\nX: y\r\n${body}`],
    ])
    outer.fields.push(...fields)
    outer.body = content
    return { bytes: written(outer), requests: 2, may: [nameOf(outer)] }
  },

  garbage(random) {
    const bytes = random.of([
      () => Buffer.from(Array.from({ length: random.whole(1, 600) }, () => random.whole(0, 255))),
      () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
      () => Buffer.from('\r\n'.repeat(random.whole(1, 200))),
      () => Buffer.from('GET /v1/extensions\r\n\r\n'),
      () => Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      () => Buffer.from(`GET /${'a'.repeat(random.whole(10_000, 40_000))}`),
    ])()
    return { bytes, may: [] }
  },
}

function blank(random) {
  const request = {
    method: random.of(['GET', 'HEAD', 'DELETE', 'POST']),
    target: random.of(GOOD_TARGETS),
    fields: ['Host: fuzz.test'],
    body: '',
  }
  // A POST to /v1/calls/17 is blocked.
  if (request.method === 'POST') request.target = '/v1/calls'
  if (random.chance(0.3)) request.fields.push(`Connection: ${random.of(['close', 'keep-alive', 'x, close'])}`)
  if (random.chance(0.1))
    request.fields.push(`Expect: ${random.of(['100-continue', '100-Continue', 'x', '200-ok'])}`)
  return request
}

function good(random, secrets) {
  const request = blank(random)
  request.fields.push(...validFields(random, secrets))
  if (request.method === 'POST') {
    const body = `{"a":"${'b'.repeat(random.whole(0, 200))}"}`
    const chunked = random.chance(0.3)
    request.fields.push(`Content-Type: ${random.of(['application/json', 'Application/JSON; charset=utf-8'])}`)
    request.fields.push(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`)
    request.body = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  }
  return request
}

function hostile(random, secrets) {
  const request = blank(random)
  request.fields.push(...validFields(random, secrets))
  for (let count = random.chance(0.2) ? 2 : 1; count > 0; count--)
    random.of(HOSTILITIES)(request, random, secrets)
  return request
}

function nameOf({ method, target }) {
  return { method, target }
}

function written({ method, target, version = 'HTTP/1.1', fields, body }) {
  return Buffer.from(`${[`${method} ${target} ${version}`, ...fields, '', ''].join('\r\n')}${body}`, 'latin1')
}

const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '%',
  '/',
  '//',
  '..',
  ';',
  '?',
  'HTTP/1.1',
  '\r\n\r\n',
  'Host: x\r\n',
  '\xff',
  '0',
  '=',
]

function mutated(bytes, random) {
  const at = random.whole(0, bytes.length)
  const to = Math.min(bytes.length, at + random.whole(1, 20))
  const token = Buffer.from(random.of(TOKENS), 'latin1')
  const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)]
  return random.of([
    () => Buffer.concat([before, token, middle, after]),
    () => Buffer.concat([before, after]),
    () => Buffer.concat([before, middle, middle, after]),
    () =>
      Buffer.concat([
        before,
        Buffer.from([random.whole(0, 255)]),
        bytes.subarray(Math.min(at + 1, bytes.length)),
      ]),
    () => Buffer.concat([before, token, after]),
  ])()
}

function cut(bytes, random) {
  const pieces = []
  for (let at = 0; at < bytes.length;) {
    const length = random.whole(1, Math.max(1, Math.ceil(bytes.length / 2)))
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

function shortened(bytes, random) {
  return bytes.subarray(0, random.whole(0, bytes.length))
}
