import * as v from 'valibot'
import { accountIdsSchema } from '../account-ids.js'
import { patternProblem } from '../path-pattern.js'
import { type CachePolicy, faultsOf } from './policy.js'

/** A policy for some answers. The first rule that matches decides. */
export interface CacheRule {
  /** A pattern of path-to-regexp 8, read as `requests.paths` are: `/v1/countries`, `/v1/*rest`. */
  path: string
  /** The methods, in capitals; HEAD follows GET. Absent: `['GET']`, since other answers are kept only where they are named. */
  methods?: readonly string[] | undefined
  /** Ids of the accounts it is for. Absent: all. */
  accounts?: readonly string[] | undefined
  /** The most that is permitted: a handler may shorten or narrow it, never the reverse. */
  policy: CachePolicy
}

/** How long answers may be kept (clauses 5(c), 5(d)1). Errors are never kept. */
export interface CachingOptions {
  /** For answers to GET and HEAD that no rule matches. Default: `no-store`. */
  default?: CachePolicy | undefined
  /** Policies for some answers; the first that matches decides. Default: none. */
  rules?: readonly CacheRule[] | undefined
}

const policySchema = v.pipe(
  v.custom<CachePolicy>(
    (input) => typeof input === 'string' || (typeof input === 'object' && input !== null),
    "must be a Cache-Control value, e.g. 'private, max-age=60', or an object",
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { value } = dataset
    for (const { member, message } of faultsOf(value)) {
      if (member === undefined) addIssue({ message })
      else addIssue({ message, path: [pathTo(value as Record<string, unknown>, member)] })
    }
  }),
)

function pathTo(input: Record<string, unknown>, key: string) {
  return { type: 'object', origin: 'value', input, key, value: input[key] } as const
}

const patternSchema = v.pipe(
  v.string('must be a path pattern, e.g. /v1/countries'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? patternProblem(dataset.value) : undefined
    if (message !== undefined) addIssue({ message })
  }),
)

const methodsSchema = v.pipe(
  v.array(
    v.pipe(
      v.string('must be a method, e.g. GET'),
      v.regex(
        /^[A-Z][A-Z0-9_-]*$/,
        'must be a method in capitals, since methods are case-sensitive (RFC 9110 §9.1)',
      ),
    ),
    'must be a list of methods',
  ),
  v.nonEmpty('must name a method; leave it out for GET'),
  v.check(
    (methods) => !methods.includes('HEAD') || methods.includes('GET'),
    'must name GET beside HEAD, since HEAD follows GET (RFC 9110 §9.3.2)',
  ),
)

/** Checks {@link CachingOptions}: every fault at once, contradictions between directives included. */
export const cachingSchema = v.strictObject({
  default: v.optional(policySchema),
  rules: v.optional(
    v.array(
      v.strictObject({
        path: patternSchema,
        methods: v.optional(methodsSchema),
        accounts: v.optional(accountIdsSchema),
        policy: policySchema,
      }),
      'must be a list of rules: { path, methods, accounts, policy }',
    ),
  ),
})
