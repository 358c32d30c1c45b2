/** One exchange: what is asked, by which client, and what has to be answered. */
export interface Case {
  /** Permanent: a case may be dropped, but its id is not given again. */
  readonly id: string
  readonly title: string
  /** `GET` where nothing is said. */
  readonly method?: string
  readonly path: string
  /** `acme-crm` where nothing is said; `null` for a caller without a key. */
  readonly client?: string | null
  readonly contentType?: string
  readonly body?: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** What the JSON of the answer has, at least. */
  readonly json: object
}

const PROBLEM = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
const dialling = { from: '101', to: '+49 30 5550100', ringMs: 0 }

export const CASES: readonly Case[] = [
  {
    id: 'EX-01',
    title: 'the extensions of the account may be kept for five minutes, by the caller alone',
    path: '/v1/extensions',
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'private, max-age=300' },
    json: { length: 3 },
  },
  {
    id: 'EX-02',
    title: 'so may one extension',
    path: '/v1/extensions/101',
    status: 200,
    headers: { 'cache-control': 'private, max-age=300' },
    json: { id: '101', name: 'Front desk' },
  },
  {
    id: 'EX-03',
    title: 'the same id is somebody else in another account',
    client: 'globex-crm',
    path: '/v1/extensions/101',
    status: 200,
    json: { id: '101', name: 'Reception' },
  },
  {
    id: 'EX-04',
    title: 'the extension of another account is not found, and that is not kept',
    client: 'globex-crm',
    path: '/v1/extensions/103',
    status: 404,
    headers: PROBLEM,
    json: { status: 404, title: 'Not Found' },
  },
  {
    id: 'EX-05',
    title: 'both clients of an account see the same',
    client: 'acme-wallboard',
    path: '/v1/extensions',
    status: 200,
    json: { length: 3 },
  },
  {
    id: 'EX-06',
    title: 'live calls are not kept',
    path: '/v1/calls',
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    json: { length: 0 },
  },
  {
    id: 'EX-07',
    title: 'countries are public',
    path: '/v1/countries',
    status: 200,
    headers: { 'cache-control': 'public, max-age=3600' },
    json: { length: 5 },
  },
  {
    id: 'EX-08',
    title: 'the recording of another account is not found',
    path: '/v1/recordings/globex-1',
    status: 404,
    headers: PROBLEM,
    json: { status: 404 },
  },
  {
    id: 'EX-09',
    title: 'a call that is not there cannot be ended',
    method: 'DELETE',
    path: '/v1/calls/none',
    status: 404,
    headers: PROBLEM,
    json: { status: 404 },
  },
  {
    id: 'EX-10',
    title: 'a method that is documented elsewhere is told what this path answers',
    path: '/v1/calls/none',
    status: 405,
    headers: { ...PROBLEM, allow: 'DELETE' },
    json: { status: 405 },
  },
  {
    id: 'EX-11',
    title: 'real-time events without an upgrade are told which',
    path: '/v1/realtime',
    status: 426,
    headers: { ...PROBLEM, upgrade: 'websocket' },
    json: { status: 426 },
  },
  {
    id: 'EX-12',
    title: 'an admitted answer links to the Terms and says how many connections are left of those granted',
    client: 'globex-crm',
    path: '/v1/calls',
    status: 200,
    headers: {
      link: '<https://provider.example/terms>; rel="terms-of-service"',
      'ratelimit-policy': '"read";q=50;qu="concurrent-requests"',
      ratelimit: '"read";r=49',
    },
    json: { length: 0 },
  },
  {
    id: 'EX-20',
    title: 'without a key nobody comes in (2(c))',
    client: null,
    path: '/v1/extensions',
    status: 401,
    headers: PROBLEM,
    json: { reason: 'credentials-missing', terms_clause: '2(c)', terms_version: '2026-01' },
  },
  {
    id: 'EX-21',
    title: 'a suspended account does not come in (3(a))',
    client: 'initech-crm',
    path: '/v1/extensions',
    status: 403,
    headers: PROBLEM,
    json: { reason: 'account-suspended', terms_clause: '3(a)' },
  },
  {
    id: 'EX-22',
    title: 'a client that was granted another API only does not come in (2(c))',
    client: 'hooli-rooms',
    path: '/v1/extensions',
    status: 403,
    headers: PROBLEM,
    json: { reason: 'api-not-granted', terms_clause: '2(c)' },
  },
  {
    id: 'EX-23',
    title: 'an undocumented path is refused',
    path: '/v1/admin',
    status: 404,
    headers: PROBLEM,
    json: { reason: 'path-not-documented' },
  },
  {
    id: 'EX-24',
    title: 'an undocumented method is refused',
    method: 'PUT',
    path: '/v1/calls',
    status: 405,
    headers: PROBLEM,
    json: { reason: 'method-not-allowed' },
  },
  {
    id: 'EX-25',
    title: 'a body of an undocumented type is refused',
    method: 'POST',
    path: '/v1/calls',
    contentType: 'text/plain',
    body: 'ring, please',
    status: 415,
    headers: PROBLEM,
    json: { reason: 'media-type-not-accepted' },
  },
  {
    id: 'EX-26',
    title: 'a body of 11 kB is refused',
    method: 'POST',
    path: '/v1/calls',
    contentType: 'application/json',
    body: JSON.stringify({ ...dialling, note: 'x'.repeat(11_000) }),
    status: 413,
    headers: PROBLEM,
    json: { reason: 'body-too-large' },
  },
  {
    id: 'EX-27',
    title: 'a recording under a legal hold is withheld',
    path: '/v1/recordings/held-1',
    status: 403,
    headers: PROBLEM,
    json: { reason: 'request-blocked', terms_clause: '2(c)' },
  },
  ...[
    ['nothing that is JSON', '{"from":'],
    ['nothing at all', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['no caller', JSON.stringify({ ...dialling, from: undefined })],
    ['a caller that is no number to dial', JSON.stringify({ ...dialling, from: 'me' })],
    ['a callee that is no string', JSON.stringify({ ...dialling, to: 102 })],
    ['no ringMs', JSON.stringify({ ...dialling, ringMs: undefined })],
    ['a ringMs below 0', JSON.stringify({ ...dialling, ringMs: -1 })],
    ['a ringMs above 10000', JSON.stringify({ ...dialling, ringMs: 10_001 })],
    ['a ringMs that is not whole', JSON.stringify({ ...dialling, ringMs: 0.5 })],
    ['a ringMs that is a string', JSON.stringify({ ...dialling, ringMs: '5' })],
  ].map(([what = '', body = ''], index) => ({
    id: `EX-${30 + index}`,
    title: `a call with ${what} is not placed`,
    method: 'POST',
    path: '/v1/calls',
    contentType: 'application/json',
    body,
    status: 400,
    headers: PROBLEM,
    json: { status: 400 },
  })),
]
