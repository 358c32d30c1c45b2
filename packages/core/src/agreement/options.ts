import * as v from 'valibot'
import { LAST_MOMENT } from '../clock.js'
import { DAY_MS } from '../days.js'
import { REASONS, type Reason } from '../refusal.js'

/** A version of the Terms, and from when on it holds. */
export interface TermsVersion {
  /** What acceptances name: printable ASCII, unique among the versions. */
  version: string
  /** It is in force from this moment until the next version's. */
  effectiveAt: Date
  /** Where its text can be read: an absolute URL without a fragment. Default: `terms.url`. */
  url?: string | undefined
}

/** The Terms that are enforced. */
export interface TermsOptions {
  /** Where they can be read: an absolute URL without a fragment. Each response links to it. */
  url: string
  /** Which version is in force; told in each refusal. Leave it out beside `versions`, where the time tells. */
  version?: string
  /** The clauses of the provider's own Terms that reasons rest on. Default: those of the model Terms. */
  clauses?: Partial<Record<Reason, string>>
  /**
   * The versions of the Terms, in any order (clause 8(a)). Where they are given, it is looked at with each request whether the client
   * has accepted the one in force; else: refused with `terms-not-accepted`. Default: none, and acceptance is not looked at.
   */
  versions?: readonly TermsVersion[]
  /**
   * How long a client that accepted an older version may go on after a newer one has taken effect, in ms. It is warned meanwhile. One that
   * never accepted any, or only one that is announced, has no such time. Default 2 592 000 000, 30 days; 0 for none.
   */
  graceMs?: number
  /** `notify`: nobody is refused for want of acceptance, only warned. Default `enforce`. */
  acceptance?: 'enforce' | 'notify'
  /** The licence of the content: an absolute URL, linked to from each answer that has some (clauses 4(a)9, 5(d)4). Default: none. */
  licence?: string
}

/** What is asked of a registration (clause 1(c)). */
export interface RegistrationOptions {
  /**
   * How long a registration may go without being verified, in ms. `verifiedAt` of the account and of the client are looked at: one
   * of them there must be, and the older one counts. Default: it is not looked at.
   */
  reviewMs?: number
  /** What must be registered: `contacts`, of the client or else its account; `privacyPolicyUrl`, of the client. Default: nothing. */
  requires?: readonly ('contacts' | 'privacyPolicyUrl')[]
  /** `report`: told as a `notice` event. `refuse`: refused with `registration-stale` as well. Default `report`. */
  whenStale?: 'report' | 'refuse'
}

const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

const address = v.custom<string>(
  isAddress,
  'must be an absolute http or https URL without a fragment, e.g. https://provider.example/terms',
)

const versionSchema = v.strictObject(
  {
    version: v.pipe(v.string('must be text'), v.regex(PRINTABLE, 'must be printable ASCII, e.g. 2026-01')),
    effectiveAt: v.custom<Date>(isMoment, "must be a valid Date, e.g. new Date('2026-01-01')"),
    url: v.optional(address),
  },
  "must be an object, e.g. { version: '2026-01', effectiveAt: new Date('2026-01-01') }",
)

export const DEFAULT_GRACE_MS = 30 * DAY_MS

const NEEDS_VERSIONS = 'says nothing without versions: add them, or leave this out'

/** Checks {@link TermsOptions} at start-up. */
export const termsSchema = v.pipe(
  v.strictObject({
    url: address,
    version: v.optional(
      v.pipe(v.string('must be text'), v.nonEmpty('must not be empty; leave it out where there is none')),
    ),
    clauses: v.optional(v.strictObject(eachReason(v.optional(v.string('must be text, e.g. "2(d)"'))))),
    versions: v.optional(
      v.pipe(
        v.array(versionSchema, 'must be a list of versions'),
        v.minLength(1, 'must have a version; leave it out where acceptance is not to be looked at'),
        v.checkItems(
          ({ version }, at, all) => all.findIndex((other) => other.version === version) === at,
          'comes twice: acceptances name it, so each version needs a name of its own',
        ),
        v.checkItems(
          ({ effectiveAt }, at, all) =>
            all.findIndex((other) => sameMoment(other.effectiveAt, effectiveAt)) === at,
          'takes effect together with another version: one of them is in force',
        ),
      ),
    ),
    graceMs: v.optional(
      v.custom<number>(
        (input) => Number.isSafeInteger(input) && (input as number) >= 0,
        'must be a whole number of milliseconds, 0 or more, e.g. 30 * 86_400_000',
      ),
    ),
    acceptance: v.optional(v.picklist(['enforce', 'notify'], "must be 'enforce' or 'notify'")),
    licence: v.optional(address),
  }),
  v.forward(
    v.partialCheck(
      [['version'], ['versions']],
      // Which is in force changes with time: one that agrees today would stop a start-up later on.
      ({ version, versions }) =>
        version === undefined || versions === undefined || isOnly(version, versions as TermsVersion[]),
      'must be left out beside versions: which of them is in force is told by the time',
    ),
    ['version'],
  ),
  v.forward(
    v.partialCheck(
      [['graceMs'], ['versions']],
      ({ graceMs, versions }) => graceMs === undefined || versions !== undefined,
      NEEDS_VERSIONS,
    ),
    ['graceMs'],
  ),
  v.forward(
    v.partialCheck(
      [['graceMs'], ['versions']],
      ({ graceMs = DEFAULT_GRACE_MS, versions = [] }) =>
        (versions as TermsVersion[]).every(
          ({ effectiveAt }) => effectiveAt.getTime() + graceMs <= LAST_MOMENT,
        ),
      "ends beyond the last moment of a Date, 8.64e15: shorten it; to refuse nobody, set acceptance: 'notify'",
    ),
    ['graceMs'],
  ),
  v.forward(
    v.partialCheck(
      [['acceptance'], ['versions']],
      ({ acceptance, versions }) => acceptance === undefined || versions !== undefined,
      NEEDS_VERSIONS,
    ),
    ['acceptance'],
  ),
)

const REQUIRED = ['contacts', 'privacyPolicyUrl'] as const

/** Checks {@link RegistrationOptions} at start-up. */
export const registrationSchema = v.pipe(
  v.strictObject({
    reviewMs: v.optional(
      v.custom<number>(
        (input) => Number.isSafeInteger(input) && (input as number) > 0,
        'must be a whole number of milliseconds, 1 or more, e.g. 365 * 86_400_000',
      ),
    ),
    requires: v.optional(
      v.array(
        v.picklist(REQUIRED, 'must be one of: contacts, privacyPolicyUrl'),
        'must be a list of: contacts, privacyPolicyUrl',
      ),
    ),
    whenStale: v.optional(v.picklist(['report', 'refuse'], "must be 'report' or 'refuse'")),
  }),
  v.forward(
    v.partialCheck(
      [['reviewMs'], ['requires'], ['whenStale']],
      ({ reviewMs, requires, whenStale }) =>
        whenStale === undefined || reviewMs !== undefined || requires !== undefined,
      'says nothing without reviewMs or requires: add one of them, or leave this out',
    ),
    ['whenStale'],
  ),
)

function isOnly(version: string, versions: readonly TermsVersion[]): boolean {
  return versions.length === 1 && versions[0]?.version === version
}

function sameMoment(one: Date, other: Date): boolean {
  return one.getTime() === other.getTime()
}

/** No `instanceof`: a Date may come from another realm. */
function isMoment(input: unknown): boolean {
  return Object.prototype.toString.call(input) === '[object Date]' && !Number.isNaN((input as Date).getTime())
}

function isAddress(input: unknown): boolean {
  if (typeof input !== 'string' || !/^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x7e]+$/.test(input)) return false
  return URL.canParse(input) && !input.includes('#')
}

function eachReason<T>(schema: T): Record<Reason, T> {
  return Object.fromEntries(Object.keys(REASONS).map((reason) => [reason, schema])) as Record<Reason, T>
}
