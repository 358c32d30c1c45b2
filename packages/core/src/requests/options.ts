import * as v from 'valibot'
import { accountIdsSchema } from '../account-ids.js'
import { patternProblem } from '../path-pattern.js'
import type { BlockRule } from './block.js'
import { mediaTypeProblem } from './media-types.js'
import { methodProblem } from './methods.js'
import { proxyProblem } from './transport.js'

/** Which requests are turned away for what they are, whoever sends them (clause 2(c)). */
export interface RequestsOptions {
  /**
   * The documented methods. Case-sensitive; HEAD follows GET. Default: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS.
   * Others: refused with `method-not-allowed` (RFC 9110 §15.5.6, §15.6.2).
   */
  methods?: readonly string[] | undefined
  /**
   * The documented media types of request bodies: `application/json`, `application/*`, `+json`. Default: any.
   * Others, and none: refused with `media-type-not-accepted` (RFC 9110 §15.5.16).
   */
  mediaTypes?: readonly string[] | undefined
  /**
   * The documented paths: path-to-regexp 8 patterns over the whole path of the original target, without regard to case or
   * a slash at the end. Default: any. Others: refused with `path-not-documented`.
   */
  paths?: readonly string[] | undefined
  /** What else the provider turns away, with `request-blocked` (clause 5(a)). Default: nothing. */
  block?: readonly BlockRule[] | undefined
  /**
   * The documented protocols of the Upgrade field, without regard to case. Default: `websocket`.
   * Others: refused with `upgrade-not-documented` (RFC 9110 §7.8).
   */
  upgrades?: readonly string[] | undefined
  /**
   * How many bytes a body may have, by Content-Length or as counted. Default: not bounded.
   * More: refused with `body-too-large` (RFC 9110 §15.5.14).
   */
  maxBodyBytes?: number | undefined
  /**
   * How many octets a request target may have. Default 8000, the least that RFC 9112 §3 asks for.
   * More: refused with `target-too-long`. Node itself ends at 16 KiB for all header fields together.
   */
  maxTargetLength?: number | undefined
  /** Whether TLS is required. Default `false`. Without it: refused with `insecure-transport` (clause 4(b)). */
  https?: boolean | undefined
  /**
   * Addresses, ranges, `loopback`, `linklocal` or `uniquelocal`: peers whose `X-Forwarded-Proto` is believed, against what
   * the connection itself says. Default: none.
   */
  trustedProxies?: readonly string[] | undefined
}

/** Each string for itself, so that the issue names the one that is wrong. */
const list = (what: string, problem: (entry: string) => string | undefined) => {
  const entry = v.pipe(
    v.string(`must be ${what}`),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? problem(dataset.value) : undefined
      if (message !== undefined) addIssue({ message })
    }),
  )
  return { entry, entries: v.array(entry, `must be a list, each ${what}`) }
}

const paths = list("a pattern, e.g. '/v1/calls/:id'", patternProblem)

const methodsSchema = v.pipe(
  list("a method, e.g. 'GET'", methodProblem).entries,
  v.minLength(1, "must name a method, e.g. ['GET']"),
  v.check(
    (names) => !names.includes('HEAD') || names.includes('GET'),
    "must name 'GET' beside 'HEAD', which follows it",
  ),
)

const blockRuleSchema = v.pipe(
  v.strictObject(
    {
      path: v.optional(paths.entry),
      methods: v.optional(methodsSchema),
      accounts: v.optional(accountIdsSchema),
      when: v.optional(
        v.custom<NonNullable<BlockRule['when']>>(
          (input) => typeof input === 'function',
          'must be a function from a request to true, to block it, or false',
        ),
      ),
      detail: v.optional(v.string('must be what the caller is to read')),
    },
    'must be an object with path, methods, accounts or when',
  ),
  v.check(
    ({ path, methods, accounts, when }) =>
      [path, methods, accounts, when].some((condition) => condition !== undefined),
    'must have path, methods, accounts or when: without a condition it would block every request',
  ),
)

const wholeNumber = (isRight: (count: number) => boolean, message: string) =>
  v.custom<number>((input) => typeof input === 'number' && isRight(input), message)

export const requestsSchema = v.strictObject(
  {
    methods: v.optional(methodsSchema),
    mediaTypes: v.optional(
      v.pipe(
        list("a media type, e.g. 'application/json'", mediaTypeProblem).entries,
        v.minLength(
          1,
          'must name a media type; leave it out to take any, or set maxBodyBytes to 0 to take no body',
        ),
      ),
    ),
    paths: v.optional(v.pipe(paths.entries, v.minLength(1, 'must name a path; leave it out to take any'))),
    block: v.optional(v.array(blockRuleSchema, 'must be a list of rules')),
    upgrades: v.optional(
      list("a protocol, e.g. 'websocket'", (name) =>
        /^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?$/.test(name)
          ? undefined
          : "must be a protocol, e.g. 'websocket'",
      ).entries,
    ),
    maxBodyBytes: v.optional(
      wholeNumber(
        (bytes) => bytes === Infinity || (Number.isSafeInteger(bytes) && bytes >= 0),
        'must be a whole number of bytes, 0 or more, or Infinity',
      ),
    ),
    maxTargetLength: v.optional(
      wholeNumber(
        (octets) => Number.isSafeInteger(octets) && octets > 0,
        'must be a whole number of octets, 1 or more',
      ),
    ),
    https: v.optional(v.boolean('must be true, to require TLS, or false')),
    trustedProxies: v.optional(list("an address, e.g. '10.0.0.0/8'", proxyProblem).entries),
  },
  "must be an object, e.g. { mediaTypes: ['application/json'] }",
)
