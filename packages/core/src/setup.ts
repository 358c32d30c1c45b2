import type { GateEventName } from './events.js'
import type { Purpose } from './followers.js'
import { isOneOfMany } from './gate/one-of-many.js'

/** What an option says, where that can be told: text, a number, yes or no, a list of texts. Else `true`: there is something. */
export type Said = string | number | boolean | readonly string[]

/** How a gate is set up: what `coverage` goes by. */
export interface GateSetup {
  /** What the options say, by path, as it was when the gate was built: `requests.https`, `caching.rules[0].policy`. What was left out is not in it. */
  readonly said: ReadonlyMap<string, Said>
  /** Whether the registry tells of changes, and whether it has the operations of an `AccountRegistry`. */
  readonly registry: { readonly announces: boolean; readonly writable: boolean }
  /** Whether connections are counted for this process, or for all that share the store. */
  readonly store: 'process' | 'shared'
  /** Whether this process is known to be one of several of the API. */
  readonly oneOfMany: boolean
  /** Whether somebody listens to these events now. */
  heard(event: GateEventName): boolean
  /** Whether somebody follows the gate for this now. */
  followedFor(purpose: Purpose): boolean
}

/** What of the options is looked at beside what they say. */
interface Parts {
  readonly registry: object
  readonly connections?: { readonly store?: { readonly oneProcess?: boolean } }
}

/** Put down at start-up: what the caller does with its object later changes nothing. */
export function setupOf(options: Parts, live: Pick<GateSetup, 'heard' | 'followedFor'>): GateSetup {
  const { registry, connections: { store } = {} } = options
  const has = (name: string) => typeof (registry as Record<string, unknown>)[name] === 'function'
  return Object.freeze({
    said: new Map(saidIn(options, '')),
    registry: { announces: has('onChange'), writable: has('suspend') && has('acceptTerms') },
    store: store && !store.oneProcess ? 'shared' : 'process',
    oneOfMany: isOneOfMany(process.env),
    ...live,
  } as const)
}

function saidIn(value: unknown, path: string): [string, Said][] {
  if (value === undefined || value === null) return []
  const own: [string, Said][] = path === '' ? [] : [[path, saidBy(value)]]
  return [...own, ...partsOf(value).flatMap(([name, part]) => saidIn(part, path + name))].map(
    ([name, said]) => [name.replace(/^\./, ''), said],
  )
}

function saidBy(value: unknown): Said {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return isTexts(value) ? [...value] : true
}

/** Records, stores and clocks are not gone into: they are objects of a class, or large. */
function partsOf(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return isTexts(value) ? [] : value.map((part: unknown, at) => [`[${at}]`, part])
  if (typeof value !== 'object' || value === null || isAtWork(value)) return []
  return Object.entries(value).map(([name, part]) => [`.${name}`, part])
}

function isAtWork(value: object): boolean {
  return 'findByDigest' in value || 'acquire' in value || 'now' in value || 'getTime' in value
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
