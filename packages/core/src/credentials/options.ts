import * as v from 'valibot'
import { LONGEST_TIMER_MS } from '../clock.js'
import { PREFIX } from '../accounts/key.js'

/** Where a credential may stand: `Authorization: Bearer`, `Authorization: Basic`, or a header field of its own. */
export type Scheme = 'bearer' | 'basic' | 'header'

/** How credentials are read, looked up and believed. */
export interface CredentialsOptions {
  /** Where a credential may be sent. All three by default. */
  schemes?: readonly Scheme[] | undefined
  /** The field of the `header` scheme. `x-api-key` by default. */
  header?: string | undefined
  /**
   * A field in which the client's id may be sent beside its key, e.g. `x-client-id`; where it is sent, it must be that of the key's
   * client, else: refused with `credentials-invalid` (clause 2(c)). Default: none is read; with Basic the user is the client's id.
   */
  clientHeader?: string | undefined
  /** The realm of the challenges (RFC 9110 §11.5). The API's name by default. */
  realm?: string | undefined
  /** Only keys with this prefix are looked up. Any prefix by default. */
  prefix?: string | undefined
  /**
   * `issued`, the default: only keys made by `issueKey` are looked up, and only where their checksum is right.
   * `any`: keys of the provider's own making too, by their SHA-256; then `prefix` is what they start with.
   */
  format?: 'issued' | 'any' | undefined
  /**
   * How long a look-up is believed, in ms from its start; 1000 by default, 0 for never. The bound on a change that the registry
   * does not announce (or `timeoutMs`, where that is longer and the registry that slow: a look-up under way is shared).
   * A registry with `peekByDigest` is asked every time.
   */
  cacheMs?: number | undefined
  /** How many known credentials are kept, 10000 by default. Unknown ones have a table of their own. */
  maxCached?: number | undefined
  /** How long a look-up may take, in ms; 2000 by default. After that: `registry-unavailable`. */
  timeoutMs?: number | undefined
  /** How many look-ups may be under way at once, 1000 by default. Beyond that: `registry-unavailable`. */
  maxLookups?: number | undefined
}

/** Options with everything filled in. */
export interface CredentialsSettings {
  readonly schemes: readonly Scheme[]
  readonly header: string
  readonly clientHeader: string | undefined
  readonly realm: string
  readonly prefix: string | undefined
  readonly format: 'issued' | 'any'
  readonly cacheMs: number
  readonly maxCached: number
  readonly timeoutMs: number
  readonly maxLookups: number
}

const SCHEMES: readonly Scheme[] = ['bearer', 'basic', 'header']
const DEFAULT_HEADER = 'x-api-key'

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/
/** RFC 6750 §3: what a quoted attribute may hold; it leaves out the quote and the backslash. */
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

/** Fields that mean something else already, in HTTP or in Node's table of fields. */
const TAKEN = new Set(
  (
    'authorization proxy-authorization cookie set-cookie host connection content-length content-type content-encoding ' +
    'transfer-encoding te trailer upgrade expect accept cache-control date forwarded x-forwarded-for origin vary'
  ).split(' '),
)

const header = v.pipe(
  v.string('must be the name of a header field'),
  v.regex(TOKEN, 'must be the name of a header field: letters, digits and hyphens, 64 characters at most'),
  v.check(
    (name) => !TAKEN.has(name.toLowerCase()) && !(name.toLowerCase() in {}),
    'means something else already: choose a field of your own, such as x-api-key',
  ),
)

const schemes = v.pipe(
  v.array(
    v.picklist(SCHEMES, 'must be one of: bearer, basic, header'),
    'must be a list of: bearer, basic, header',
  ),
  v.minLength(1, 'must name at least one of: bearer, basic, header'),
  v.check((list) => new Set(list).size === list.length, 'must name each scheme once'),
)

/** Checks {@link CredentialsOptions} at start-up. */
export const credentialsSchema = v.pipe(
  v.strictObject({
    schemes: v.optional(schemes),
    header: v.optional(header),
    clientHeader: v.optional(header),
    realm: v.optional(
      v.pipe(
        v.string('must be a text'),
        v.regex(QUOTABLE, 'must be printable ASCII without quotes and backslashes, not empty (RFC 6750 §3)'),
      ),
    ),
    prefix: v.optional(
      v.pipe(
        v.string('must be a text'),
        v.regex(
          PREFIX,
          'must be a letter, then letters, digits and inner underscores, 32 characters at most',
        ),
      ),
    ),
    format: v.optional(v.picklist(['issued', 'any'], 'must be one of: issued, any')),
    cacheMs: whole('of ms, 0 or more; 0 turns caching off', 0),
    maxCached: whole('of credentials, from 1 to 10000000', 1, 10_000_000),
    timeoutMs: whole(`of ms, from 1 to ${LONGEST_TIMER_MS}`, 1, LONGEST_TIMER_MS),
    maxLookups: whole('of look-ups, 1 or more', 1),
  }),
  v.forward(
    v.partialCheck(
      [['header'], ['schemes']],
      (given) =>
        given.header === undefined || given.schemes === undefined || given.schemes.includes('header'),
      'is never read, because schemes leaves out header: add it there, or leave this out',
    ),
    ['header'],
  ),
  v.forward(
    v.partialCheck(
      [['header'], ['clientHeader']],
      ({ header: ofKey = DEFAULT_HEADER, clientHeader }) =>
        clientHeader === undefined || clientHeader.toLowerCase() !== ofKey.toLowerCase(),
      'is the field of the key: choose another, such as x-client-id',
    ),
    ['clientHeader'],
  ),
)

/** Fills in what was not said. `options` have passed {@link credentialsSchema}. */
export function settingsOf(options: CredentialsOptions, api: string): CredentialsSettings {
  return Object.freeze({
    schemes: options.schemes ?? SCHEMES,
    header: (options.header ?? DEFAULT_HEADER).toLowerCase(),
    clientHeader: options.clientHeader?.toLowerCase(),
    realm: options.realm ?? (api.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '').trim() || 'api'),
    prefix: options.prefix,
    format: options.format ?? 'issued',
    cacheMs: options.cacheMs ?? 1000,
    maxCached: options.maxCached ?? 10_000,
    timeoutMs: options.timeoutMs ?? 2000,
    maxLookups: options.maxLookups ?? 1000,
  })
}

function whole(what: string, least: number, most = Number.MAX_SAFE_INTEGER) {
  const message = `must be a whole number ${what}`
  return v.optional(
    v.pipe(v.number(message), v.safeInteger(message), v.minValue(least, message), v.maxValue(most, message)),
  )
}
