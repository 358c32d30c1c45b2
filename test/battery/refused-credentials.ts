import { KEYS, TERMS_URL, termsInTime } from './accounts.js'
import { http1, type RefusalCase } from './case.js'

const REALM = 'realm="business-telephony"'
const BEARER = `Bearer ${REALM}`
const OTHERS = [`Basic ${REALM}, charset="UTF-8"`, `ApiKey ${REALM}, header="x-api-key"`]

const INVALID = 'The credential is unknown, or not valid now. Ask the provider for a valid one.'
const NOT_GRANTED =
  'The credential is valid, but not for this API. Ask the provider to grant it to the client.'
const HOW =
  'as Authorization: Bearer <key>; or as Authorization: Basic, with the client id as user and the key as password; ' +
  'or in the field x-api-key'

const failed = (error: string, description: string) =>
  `${BEARER}, error="${error}", error_description="${description}"`
const challenged = (...lines: string[]) => ({ 'www-authenticate': lines })

const missing = {
  reason: 'credentials-missing',
  status: 401,
  clause: '2(c)',
  fields: challenged(BEARER, ...OTHERS),
} as const
const invalid = {
  reason: 'credentials-invalid',
  status: 401,
  clause: '2(c)',
  fields: challenged(failed('invalid_token', INVALID), ...OTHERS),
} as const
const malformed = {
  reason: 'credentials-malformed',
  status: 400,
  clause: '2(c)',
  fields: challenged(failed('invalid_request', `Send a key ${HOW}.`)),
} as const
const ambiguous = {
  reason: 'credentials-ambiguous',
  status: 400,
  clause: '2(c)',
  fields: challenged(failed('invalid_request', 'Send one credential, in one header field, once.')),
} as const
const inUrl = {
  reason: 'credentials-in-url',
  status: 400,
  clause: '4(b)',
  fields: challenged(
    failed(
      'invalid_request',
      `URLs are logged and shared: take the key for leaked, have it replaced, and send the new one ${HOW}.`,
    ),
  ),
} as const

const basic = (user: string, password: string) =>
  ['Authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`] as const

export const REFUSED_CREDENTIALS: readonly RefusalCase[] = [
  {
    id: 'refusal-401-missing',
    basis: 'RFC 9110 §15.5.2, RFC 6750 §3.1',
    title: 'no credential: a challenge for each scheme, each on a line of its own, none with an error',
    request: { key: null },
    ...missing,
  },
  {
    id: 'refusal-401-other-scheme',
    basis: 'RFC 6750 §3.1',
    title: 'a scheme that is not offered is as if nothing had been sent',
    request: { key: null, fields: [['Authorization', 'Digest username="x"']] },
    ...missing,
  },
  {
    id: 'refusal-401-one-scheme',
    basis: 'RFC 9110 §11.6.1',
    title: 'challenges are of the schemes that are offered, with the realm of the options',
    options: () => ({ credentials: { schemes: ['basic'], realm: 'Phones' } }),
    request: { key: null },
    ...missing,
    fields: challenged('Basic realm="Phones", charset="UTF-8"'),
  },
  {
    id: 'refusal-401-unknown',
    basis: '2(c), RFC 6750 §3.1',
    title: 'a key that nobody has',
    request: { key: 'stranger' },
    ...invalid,
  },
  {
    id: 'refusal-401-mistyped',
    basis: '2(c)',
    title: 'a key whose checksum is wrong gets the same answer as one that nobody has',
    request: { key: null, fields: [['Authorization', `Bearer ${KEYS.acme.slice(0, -1)}_`]] },
    ...invalid,
  },
  ...(['expired', 'revoked', 'early'] as const).map((key): RefusalCase => ({
    id: `refusal-401-${key}`,
    basis: '2(c), 4(a)7',
    title: `a key that is ${key} gets the same answer as one that nobody has`,
    request: { key },
    ...invalid,
  })),
  {
    id: 'refusal-401-header',
    basis: 'RFC 6750 §3',
    title: 'who sent no Bearer token is told no error of one',
    request: { key: null, fields: [['X-API-Key', KEYS.stranger]] },
    ...invalid,
    fields: challenged(BEARER, ...OTHERS),
  },
  {
    id: 'refusal-401-basic-other-client',
    basis: '2(c)',
    title: 'a valid key beside the id of another client',
    request: { key: null, fields: [basic('globex', KEYS.acme)] },
    ...invalid,
    fields: challenged(BEARER, ...OTHERS),
  },
  {
    id: 'refusal-400-malformed-bearer',
    basis: 'RFC 6750 §2.1',
    title: 'a Bearer token that is none',
    request: { key: null, fields: [['Authorization', 'Bearer two words']] },
    ...malformed,
  },
  {
    id: 'refusal-400-malformed-basic',
    basis: 'RFC 7617 §2',
    title: 'a Basic credential that is no base64',
    request: { key: null, fields: [['Authorization', 'Basic !!!!']] },
    ...malformed,
  },
  {
    id: 'refusal-400-two-places',
    basis: 'RFC 6750 §2',
    title: 'two credentials, in two fields',
    request: { fields: [['X-API-Key', KEYS.acme]] },
    ...ambiguous,
  },
  {
    id: 'refusal-400-two-lines',
    basis: 'RFC 6750 §2',
    title: 'two Authorization lines, of which Node shows only the first',
    request: { fields: [['Authorization', `Bearer ${KEYS.globex}`]] },
    runsOn: http1,
    ...ambiguous,
  },
  {
    id: 'refusal-400-in-url',
    basis: '4(b), RFC 6750 §5.3',
    title: 'a key in the query, even beside a valid credential',
    request: { target: '/v1/json?api_key=anything' },
    ...inUrl,
  },
  {
    id: 'refusal-400-in-url-by-value',
    basis: '4(b)',
    title: 'an issued key under any name',
    request: { target: `/v1/json?q=${KEYS.acme}` },
    ...inUrl,
  },
  {
    id: 'refusal-403-not-granted',
    basis: '2(c), RFC 6750 §3.1',
    title: 'a client of another API',
    request: { key: 'hooli' },
    reason: 'api-not-granted',
    status: 403,
    clause: '2(c)',
    fields: challenged(failed('insufficient_scope', NOT_GRANTED)),
  },
  ...(['initech', 'paused'] as const).map((key): RefusalCase => ({
    id: `refusal-403-suspended-${key}`,
    basis: '3(a)',
    title: `an account or a client that is suspended (${key})`,
    request: { key },
    reason: 'account-suspended',
    status: 403,
    clause: '3(a)',
  })),
  ...(['umbrella', 'gone', 'given-notice'] as const).map((key): RefusalCase => ({
    id: `refusal-403-terminated-${key}`,
    basis: '6(a), 6(b)',
    title: `an account or a client that is terminated, by a notice too, is asked to forget what it cached (${key})`,
    request: { key },
    reason: 'account-terminated',
    status: 403,
    clause: '6(a)',
    fields: { 'clear-site-data': ['"cache"'] },
  })),
  {
    id: 'refusal-401-client-header',
    basis: '2(c)',
    title: 'a valid key beside the id of another client, in the field that is named for it',
    options: () => ({ credentials: { clientHeader: 'X-Client-Id' } }),
    request: { fields: [['X-Client-Id', 'globex']] },
    ...invalid,
  },
  {
    id: 'refusal-401-client-header-twice',
    basis: '2(c)',
    title: 'two ids of clients beside one key',
    options: () => ({ credentials: { clientHeader: 'x-client-id' } }),
    request: {
      fields: [
        ['X-Client-Id', 'acme'],
        ['X-Client-Id', 'globex'],
      ],
    },
    ...invalid,
  },
  {
    id: 'refusal-401-client-header-and-basic',
    basis: '2(c)',
    title: 'two ids of clients, one of them as the user of a Basic credential',
    options: () => ({ credentials: { clientHeader: 'x-client-id' } }),
    request: { key: null, fields: [basic('acme', KEYS.acme), ['X-Client-Id', 'globex']] },
    ...invalid,
    fields: challenged(BEARER, ...OTHERS),
  },
  ...(['elsewhere', 'misplaced'] as const).map((key): RefusalCase => ({
    id: `refusal-403-network-${key}`,
    basis: '2(c)',
    title: `a client whose networks are others, or none at all (${key})`,
    request: { key },
    reason: 'network-not-allowed',
    status: 403,
    clause: '2(c)',
  })),
  {
    id: 'refusal-403-network-claimed',
    basis: '2(c)',
    title: 'an address that the caller claims itself, no proxy being trusted',
    request: { key: 'elsewhere', fields: [['X-Forwarded-For', '192.0.2.7']] },
    reason: 'network-not-allowed',
    status: 403,
    clause: '2(c)',
  },
  {
    id: 'refusal-403-network-before-proxy',
    basis: '2(c)',
    title: 'an address that stands before the one that the trusted proxy saw',
    options: () => ({ requests: { trustedProxies: ['loopback'] } }),
    request: { key: 'elsewhere', fields: [['X-Forwarded-For', '192.0.2.7, 203.0.113.9']] },
    reason: 'network-not-allowed',
    status: 403,
    clause: '2(c)',
  },
  ...(['acme', 'behind'] as const).map((key): RefusalCase => ({
    id: `refusal-403-terms-${key}`,
    basis: '1(a), 8(a)',
    title: `a client that accepted no version, or an older one too long ago, reads where the text in force is (${key})`,
    options: () => termsInTime(0),
    request: { key },
    reason: 'terms-not-accepted',
    status: 403,
    clause: '1',
    fields: { link: [`<${TERMS_URL}/2026-01>; rel="terms-of-service"`] },
  })),
  {
    id: 'refusal-403-registration',
    basis: '1(c)',
    title: 'a registration that was never verified, where the provider refuses such',
    options: () => ({ registration: { reviewMs: 86_400_000, whenStale: 'refuse' } }),
    reason: 'registration-stale',
    status: 403,
    clause: '1(c)',
  },
]
