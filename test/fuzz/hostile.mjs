// Requests that are turned away whoever sends them, and parts of which such are made.
import { MAX_BODY_BYTES, MAX_TARGET_LENGTH } from './terms.mjs'
import { nearKey } from './credentials.mjs'

export const GOOD_TARGETS = [
  '/v1/extensions',
  '/v1/extensions/17',
  '/v1/calls',
  '/v1/calls/17',
  '/v1/extensions?page=2',
  '/V1/Calls/',
]

/** What is hostile about a request: changes it. */
export const HOSTILITIES = [
  (request, random) => void (request.target = random.of(TARGETS)),
  (request, random) => void (request.target = `/v1/extensions/${random.of(SEGMENTS)}`),
  (request, random) =>
    void (request.target = `/v1/${random.of(['admin', 'extensions/1/2', '', 'extensionsx', 'recordings/1'])}`),
  (request) => void (request.target = `/v1/extensions/${'a'.repeat(MAX_TARGET_LENGTH)}`),
  (request, random, { keys }) =>
    void (request.target = `/v1/extensions?${random.of(['access_token', 'x', 'X-API-Key', 'api_key%5B%5D'])}=${random.of(keys)}`),
  (request, random, secrets) =>
    void (request.target = `/v1/extensions?api_key=${nearKey(random, secrets).replace(/[^\w%-]/g, '')}`),
  (request, random, { keys }) => void (request.target = `http://${random.of(keys)}@fuzz.test/v1/extensions`),
  (request, random) =>
    void (request.target = `http://${random.of(['evil.test', 'fuzz.test:81', 'user@fuzz.test', 'fuzz.test.'])}/v1/extensions`),
  (request, random) => void (request.method = random.of(METHODS)),
  (request, random) =>
    void request.fields.push(`${random.of(OVERRIDES)}: ${random.of(['DELETE', 'GET', ''])}`),
  (request, random) =>
    void (request.target += `${request.target.includes('?') ? '&' : '?'}${random.of(['_method=DELETE', '%5fmethod=x', '_METHOD=PUT', '_method[]=a'])}`),
  (request, random) =>
    void request.fields.push('Host: fuzz.test', `Host: ${random.of(['fuzz.test', 'evil.test', ''])}`),
  (request, random) =>
    void (request.fields[0] = `Host: ${random.of(['fuzz.test, evil.test', 'user@fuzz.test', 'fuzz test', '/', '[::1', 'fuzz.test:x'])}`),
  (request, random) =>
    void (request.fields[0] = random.of(['X-No: host', 'Host : fuzz.test', ' Host: fuzz.test'])),
  (request, random) => withBody(request, random.of(TYPES), '{"a":1}'),
  (request) => withBody(request, undefined, '{"a":1}'),
  (request) => {
    withBody(request, 'application/json', '{"a":1}')
    request.fields.push('Content-Type: text/plain')
  },
  (request) => withBody(request, 'application/json', 'x'.repeat(MAX_BODY_BYTES + 1)),
  (request, random) => {
    withBody(request, 'application/json', '{"a":1}')
    request.fields.push(
      random.of([
        'Transfer-Encoding: chunked',
        'Content-Length: 3',
        'Content-Length: 07, 7',
        'Transfer-Encoding: gzip, identity',
      ]),
    )
  },
  (request, random) => {
    request.method = 'POST'
    request.fields.push(
      'Content-Type: application/json',
      `Content-Length: ${random.of(['-1', '0x7', '7e0', '+7', '7 7', '99999999999999999999', ''])}`,
    )
    request.body = '{"a":1}'
  },
  (request, random) => {
    request.method = 'POST'
    request.fields.push('Content-Type: text/plain', 'Transfer-Encoding: chunked')
    request.body = random.of([
      'zz\r\nx\r\n0\r\n\r\n',
      '-1\r\n',
      '3;a=b\r\nabc\r\n0\r\n\r\n',
      'ffffffffffffffffff\r\n',
      '3\nabc\n0\n\n',
      '1\r\na\r\n0\r\nX: y\r\n\r\n',
    ])
  },
  (request, random) =>
    void request.fields.push(
      'Connection: Upgrade',
      `Upgrade: ${random.of(['h2c', 'TLS/1.0', 'websocket, h2c', 'foo', '', 'websocket/13', 'WebSocket;x'])}`,
    ),
  (request) => {
    withBody(request, 'application/json', '{}')
    request.method = 'POST'
    request.target = '/v1/calls/17'
  },
  (request, random) =>
    void (request.version = random.of(['HTTP/1.2', 'HTTP/3.0', 'http/1.1', 'HTTP/1.1 x', 'ICE/1.1', ''])),
  (request, random) =>
    void request.fields.push(
      random.of([
        'no colon',
        ': no name',
        'a b: c',
        'X: \0',
        'X: a\rb',
        'X\t: y',
        '\u00e9: x',
        `X: ${'y'.repeat(20_000)}`,
      ]),
    ),
]

/** What Node's parser takes, or only finds wrong when the handler is at work: no matter for the gate, but nothing may break. */
export const ODDITIES = [
  (request, random) => void (request.version = random.of(['HTTP/2.0', 'HTTP/0.9', 'HTTP/1.0'])),
  (request, random) => {
    request.method = 'POST'
    request.target = '/v1/calls'
    request.fields.push('Content-Type: application/json')
    request.fields.push(
      `Transfer-Encoding: ${random.of(['xchunked', 'chunked, identity', 'identity', 'chunked;q=1', 'gzip', 'chunked x'])}`,
    )
    request.body = '0\r\n\r\n'
  },
  (request, random) => {
    request.method = 'POST'
    request.target = '/v1/calls'
    request.fields.push('Content-Type: application/json', 'Transfer-Encoding: chunked')
    request.body = random.of([
      'zz\r\nx\r\n',
      '3\r\nabcd',
      'ffffffffffffffffff\r\n',
      `1000\r\n${'x'.repeat(4096)}\r\n`.repeat(3),
    ])
  },
  (request, random) =>
    void request.fields.push(
      `Upgrade: ${random.of(['websocket', 'h2c'])}`,
      `Connection: ${random.of(['upgrade', 'close, Upgrade'])}`,
    ),
]

const TARGETS = [
  '//v1/extensions',
  '/v1//extensions',
  '/v1/extensions//',
  '/v1/./extensions',
  '/v1/../v1/extensions',
  '/v1/extensions/..',
  '/v1/%2e%2e/v1/extensions',
  '/v1/%2E/extensions',
  '/v1;x=1/extensions',
  '/v1/extensions;x',
  '/v1\\extensions',
  '/v1/%5cextensions',
  '/v1%2fextensions',
  '/v1/extensions%00',
  '/v1/extensions%0d%0aX: y',
  '/%76%31/extensions',
  '/v1/%65xtensions',
  '/v1/extensions%',
  '/v1/extensions%zz',
  '/v1/extensions/%ff',
  '/v1/extensions/%c0%af',
  '/v1/extensions/%252e',
  '/v1/extensions#x',
  '/v1/extensions\u00e9',
  '/v1/extensions/\x7f',
  '/v1/extensions\x01',
  '*',
  '',
  'v1/extensions',
  '?',
  'fuzz.test:80',
  'javascript:alert(1)',
  'file:///v1/extensions',
  'http:///v1/extensions',
  'http:/v1/extensions',
  'https://fuzz.test//v1/extensions',
  '/v1/extensions /v1/calls',
  '/\t/v1/extensions',
  '///',
]
const SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  'a;b',
  'a\\b',
  'a%2fb',
  'a%5Cb',
  '%00',
  '%0a',
  'a#b',
  '"',
  '<x>',
  '%C3',
  '%25%32%65',
  '%252f',
  '^',
  '`',
]
const METHODS = [
  'PUT',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'PURGE',
  'M-SEARCH',
  'NOTIFY',
  'QUERY',
  'LINK',
  'SOURCE',
  'get',
  'Get',
  'POSTX',
  'G\u00cbT',
  'GET\0',
  '',
  'BREW',
  '-',
  'MKCALENDAR',
  'UNSUBSCRIBE',
]
const OVERRIDES = ['X-HTTP-Method-Override', 'x-http-method', 'X-Method-Override']
const TYPES = [
  'text/plain',
  'application/xml',
  'application/jsonx',
  'application/json, text/plain',
  'text/plain; a=application/json',
  'application',
  '',
  '*/*',
  'application/*',
  'application/json\u00e9',
  'multipart/form-data; boundary=x',
  '"application/json"',
  'json',
  'application//json',
]

function withBody(request, type, body) {
  request.method = request.method === 'POST' ? 'POST' : 'DELETE'
  if (type !== undefined) request.fields.push(`Content-Type: ${type}`)
  request.fields.push(`Content-Length: ${body.length}`)
  request.body = body
}
