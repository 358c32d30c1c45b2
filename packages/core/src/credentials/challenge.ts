import type { Ground } from '../refusal.js'
import type { CredentialsSettings, Scheme } from './options.js'

/** Every answer of the room that is a no, made once: the same object for the same no, so that nothing in it can differ. */
export interface Grounds {
  readonly missing: Ground
  readonly ambiguous: Ground
  readonly malformed: Ground
  readonly inUrl: Ground
  readonly suspended: Ground
  readonly terminated: Ground
  readonly outside: Ground
  readonly unavailable: Ground
  /** One answer for unknown, wrong, expired, revoked and not yet valid (clause 4(a)7). */
  readonly invalid: Readonly<Record<Scheme, Ground>>
  readonly notGranted: Readonly<Record<Scheme, Ground>>
}

/** What the `error` of a Bearer challenge may be (RFC 6750 §3.1). */
type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

/** The challenges of the schemes that are on, and with them the grounds. */
export function createGrounds(settings: CredentialsSettings): Grounds {
  const { schemes } = settings
  const bearerIsOn = schemes.includes('bearer')

  /** RFC 9110 §11.6.1: one line for each scheme, because clients read combined lines badly. */
  const challenges = (error?: BearerError, description?: string) => ({
    'WWW-Authenticate': Object.freeze(
      schemes.map((scheme) => challengeOf(scheme, settings, error, description)),
    ),
  })
  const malformed = (reason: Ground['reason'], detail: string): Ground =>
    ground(reason, detail, bearerIsOn ? bearerOnly(settings, 'invalid_request', detail) : undefined)

  const INVALID = 'The credential is unknown, or not valid now. Ask the provider for a valid one.'
  const NOT_GRANTED =
    'The credential is valid, but not for this API. Ask the provider to grant it to the client.'
  // RFC 6750 §3: the error belongs to whoever sent a Bearer token; to the others it would be a riddle.
  const invalid = ground('credentials-invalid', INVALID, challenges())
  const notGranted = ground('api-not-granted', NOT_GRANTED)

  return Object.freeze({
    missing: ground('credentials-missing', `Send a key ${waysOf(settings)}.`, challenges()),
    ambiguous: malformed('credentials-ambiguous', 'Send one credential, in one header field, once.'),
    malformed: malformed('credentials-malformed', `Send a key ${waysOf(settings)}.`),
    inUrl: malformed(
      'credentials-in-url',
      `URLs are logged and shared: take the key for leaked, have it replaced, and send the new one ${waysOf(settings)}.`,
    ),
    suspended: ground('account-suspended', 'The account or the client is suspended. Contact the provider.'),
    terminated: ground(
      'account-terminated',
      'The agreement for the account or the client has ended. Stop sending requests, and delete what was cached.',
      // Clause 6(b): who caches for its user, a browser above all, is asked to forget.
      { 'Clear-Site-Data': '"cache"' },
    ),
    outside: ground(
      'network-not-allowed',
      'The client may be used from the networks that are registered for it only. Use it from there, or ask the provider to register yours.',
    ),
    unavailable: ground('registry-unavailable', 'Try again in a moment.', { 'Retry-After': '1' }),
    invalid: Object.freeze({
      bearer: ground('credentials-invalid', INVALID, challenges('invalid_token', INVALID)),
      basic: invalid,
      header: invalid,
    }),
    notGranted: Object.freeze({
      bearer: ground('api-not-granted', NOT_GRANTED, bearerOnly(settings, 'insufficient_scope', NOT_GRANTED)),
      basic: notGranted,
      header: notGranted,
    }),
  })
}

function challengeOf(
  scheme: Scheme,
  { realm, header }: CredentialsSettings,
  error?: BearerError,
  description?: string,
): string {
  // RFC 7617 §2.1: UTF-8 is the only charset that may be named.
  if (scheme === 'basic') return `Basic realm="${realm}", charset="UTF-8"`
  // Not a registered scheme: a 401 must carry a challenge (RFC 9110 §15.5.2), and this one says what to do.
  if (scheme === 'header') return `ApiKey realm="${realm}", header="${header}"`
  // RFC 6750 §3.1: no error where no credential was sent.
  return `Bearer realm="${realm}"${error ? `, error="${error}", error_description="${description}"` : ''}`
}

function bearerOnly(settings: CredentialsSettings, error: BearerError, description: string) {
  return { 'WWW-Authenticate': Object.freeze([challengeOf('bearer', settings, error, description)]) }
}

/** In words: how a key is to be sent here. */
function waysOf({ schemes, header }: CredentialsSettings): string {
  const ways: Record<Scheme, string> = {
    bearer: 'as Authorization: Bearer <key>',
    basic: 'as Authorization: Basic, with the client id as user and the key as password',
    header: `in the field ${header}`,
  }
  return schemes.map((scheme) => ways[scheme]).join('; or ')
}

function ground(reason: Ground['reason'], detail: string, headers?: Ground['headers']): Ground {
  return Object.freeze({ reason, detail, ...(headers && { headers: Object.freeze(headers) }) })
}
