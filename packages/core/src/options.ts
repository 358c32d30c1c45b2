import * as v from 'valibot'
import {
  registrationSchema,
  termsSchema,
  type RegistrationOptions,
  type TermsOptions,
} from './agreement/index.js'
import { cachingSchema, type CachingOptions } from './caching/index.js'
import type { Clock } from './clock.js'
import {
  connectionsSchema,
  limitsSchema,
  type ConnectionsOptions,
  type LimitsOption,
} from './connections/index.js'
import { credentialsSchema, type CredentialsOptions } from './credentials/index.js'
import { OptionsError, type OptionIssue } from './errors.js'
import { likelyName } from './likely-name.js'
import { misuseSchema, type MisuseOptions } from './misuse/index.js'
import type { Limits, Registry } from './registry.js'
import type { GateRequest } from './request.js'
import { requestsSchema, type RequestsOptions } from './requests/index.js'

/** Everything a gate can be told. Checked once, at start-up; unknown names are errors. */
export interface GateOptions {
  /** Names the API in limits, events and header fields. Default `api`. */
  api?: string
  /** The Terms that are enforced: each response links to them, each refusal cites them. Required. */
  terms: TermsOptions
  /** Where credentials are looked up. */
  registry: Registry
  /** What is asked of a registration (clause 1(c)). Default: nothing. */
  registration?: RegistrationOptions
  /** Where a credential may be put, and how look-ups are kept. */
  credentials?: CredentialsOptions
  /**
   * How many connections of each class an account may have open (clause 2(d)), or a function that knows it by account. Default
   * `{ read: 10, write: 1 }`; `limits` of an account go before an object given here; what a function answers goes before both, and what it leaves
   * out is as without it. Where the function fails: refused with `limits-unavailable`.
   */
  limits?: LimitsOption
  /** How connections are classed, counted and bounded. */
  connections?: ConnectionsOptions
  /** Which requests are turned away. */
  requests?: RequestsOptions
  /** Which signs of misuse are looked for. Default: none. */
  misuse?: MisuseOptions
  /** How long answers may be kept. Default: `no-store`. */
  caching?: CachingOptions
  /** `observe`: everything is decided and reported, nothing refused, no response touched. Default `enforce`. */
  mode?: 'enforce' | 'observe'
  /** Requests for which it returns `true` pass unseen: not checked, not counted, not stamped. Where it throws, the request is checked. */
  skip?: (request: GateRequest) => boolean
  /** For tests. Default: the system's. */
  clock?: Clock
}

const aFunction = <F>(remedy: string) => v.custom<F>((input) => typeof input === 'function', remedy)

const registrySchema = v.custom<Registry>(
  (input) => typeof (input as Registry | null)?.findByDigest === 'function',
  'is required: memoryRegistry({ accounts, clients }), or an object with findByDigest(digest)',
)

const clockSchema = v.custom<Clock>(
  (input) => typeof (input as Clock | null)?.now === 'function',
  'must be an object with now()',
)

/** The names and checks of {@link GateOptions}. */
export const gateSchema = v.strictObject({
  api: v.optional(
    v.pipe(
      v.string('must be text'),
      v.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "-" or "_", e.g. business-telephony'),
    ),
  ),
  terms: termsSchema,
  registry: registrySchema,
  registration: v.optional(registrationSchema),
  credentials: v.optional(credentialsSchema),
  limits: v.optional(
    v.lazy((input) => (typeof input === 'function' ? aFunction<LimitsOption>('') : limitsSchema)),
  ),
  connections: v.optional(connectionsSchema),
  requests: v.optional(requestsSchema),
  misuse: v.optional(misuseSchema),
  caching: v.optional(cachingSchema),
  mode: v.optional(v.picklist(['enforce', 'observe'], "must be 'enforce' or 'observe'")),
  skip: v.optional(
    aFunction<(request: GateRequest) => boolean>('must be a function from a request to true or false'),
  ),
  clock: v.optional(clockSchema),
})

/** @throws OptionsError listing everything that is wrong. */
export function checkOptions(options: GateOptions): void {
  throwIssues(v.safeParse(gateSchema, options).issues)
}

/** @throws OptionsError listing everything that is wrong. */
export function checkLimits(limits: Limits): void {
  throwIssues(v.safeParse(v.strictObject({ limits: limitsSchema }), { limits }).issues)
}

type Issue = v.BaseIssue<unknown>

function throwIssues(issues: readonly Issue[] | undefined): void {
  if (issues) throw new OptionsError(issues.flatMap(worded))
}

function worded(issue: Issue): OptionIssue | OptionIssue[] {
  const keys = (issue.path ?? []).map((item) => item.key as string | number)
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return unknownNames(keys.slice(0, -1), issue.path!.at(-1)!.input as object)
  return { path: writtenPath(keys), message: messageOf(issue, keys) }
}

/** Of the names that an object should not have only the first is told by the schema. */
function unknownNames(keys: readonly (string | number)[], given: object): OptionIssue[] {
  const known = namesAt(keys)
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      path: writtenPath([...keys, name]),
      message: `is no option; ${likelyName(name, known)}`,
    }))
}

function messageOf(issue: Issue, keys: readonly (string | number)[]): string {
  if (issue.type !== 'strict_object') return issue.message
  return issue.received === 'undefined' ? required(keys) : `must be an object, not ${issue.received}`
}

/** What the schema at a path asks for, where there is nothing. */
function required(keys: readonly (string | number)[]): string {
  const [issue] = v.safeParse(schemaAt(keys) as unknown as v.GenericSchema, undefined).issues ?? []
  return !issue || issue.type === 'strict_object' ? 'is required' : issue.message
}

/** The option names that the schema has at a path. */
function namesAt(keys: readonly (string | number)[]): string[] {
  return Object.keys(unwrapped(schemaAt(keys))?.entries ?? {})
}

function schemaAt(keys: readonly (string | number)[]): SchemaNode | undefined {
  let schema: SchemaNode | undefined = gateSchema as unknown as SchemaNode
  for (const key of keys) {
    schema = unwrapped(schema)
    schema = typeof key === 'number' ? schema?.item : schema?.entries?.[key]
  }
  return schema
}

/** What of a valibot schema leads to the names in it. */
interface SchemaNode {
  readonly entries?: Record<string, SchemaNode>
  readonly item?: SchemaNode
  readonly wrapped?: SchemaNode
  readonly pipe?: readonly SchemaNode[]
}

function unwrapped(schema: SchemaNode | undefined): SchemaNode | undefined {
  const inner = schema?.wrapped ?? (schema?.entries || schema?.item ? undefined : schema?.pipe?.[0])
  return inner && inner !== schema ? unwrapped(inner) : schema
}

function writtenPath(keys: readonly (string | number)[]): string {
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  return path === '' ? 'options' : path.replace(/^\./, '')
}
