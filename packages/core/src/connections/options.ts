import * as v from 'valibot'
import { isRecord } from '../checked.js'
import { LONGEST_TIMER_MS } from '../clock.js'
import type { Limits } from '../registry.js'
import type { GateRequest } from '../request.js'
import { isLimit } from './limits.js'
import type { ConnectionStore } from './store.js'

/** What happens to a request while the store cannot be asked. */
export type WhenStoreFails = 'local' | 'refuse' | 'admit'

/** How connections are classed, counted and bounded (clause 2(d)). */
export interface ConnectionsOptions {
  /** Where connections are counted. Default: in the memory of this process. */
  store?: ConnectionStore
  /**
   * The class of a request, one that `limits` names. Default: `read` for GET, HEAD, OPTIONS and TRACE, else `write`.
   * Where it throws: refused with `limits-unavailable`.
   */
  classify?: (request: GateRequest) => string
  /** How long a request over the limit waits for a slot, in ms. Default 0: it is refused at once. */
  waitMs?: number
  /** How many requests of one account and class may wait. Default 100. */
  maxWaiting?: number
  /** A connection open for longer is ended, in ms. Default 86 400 000, a day; `Infinity` for no bound. */
  maxHoldMs?: number
  /**
   * A connection whose peer has taken nothing of what waits for it for so long is ended, in ms. Default 60 000;
   * `Infinity` for no bound.
   */
  stallMs?: number
  /** How long to wait for a function among the options that answers with a promise (`limits`, `when` of a block rule), or for the
   * store, in ms; then as if it had failed. Default 2000. */
  timeoutMs?: number
  /**
   * While the store is away: `local` (default) counts in this process, up to the limit divided by the processes last seen alive, at
   * least 1; `refuse` answers `limits-unavailable`; `admit` lets in whoever is not blocked. Where the store can, what was let in
   * meanwhile is counted as it is back.
   */
  whenStoreFails?: WhenStoreFails
}

const duration = (what: string) =>
  v.optional(
    v.custom<number>(
      (input) => typeof input === 'number' && input > 0,
      `must be a number of milliseconds above 0, or Infinity for ${what}`,
    ),
  )

const storeMethods = ['acquire', 'release', 'setLimit', 'close'] as const

export const connectionsSchema = v.strictObject({
  store: v.optional(
    v.custom<ConnectionStore>(
      (input) =>
        storeMethods.every((name) => typeof (input as ConnectionStore | null)?.[name] === 'function'),
      'must be a connection store, e.g. memoryConnections()',
    ),
  ),
  classify: v.optional(
    v.custom<(request: GateRequest) => string>(
      (input) => typeof input === 'function',
      'must be a function from a request to the name of a class',
    ),
  ),
  waitMs: v.optional(
    v.custom<number>(
      (input) => typeof input === 'number' && input >= 0 && input <= LONGEST_TIMER_MS,
      'must be a number of milliseconds, 0 (not to wait) or more',
    ),
  ),
  maxWaiting: v.optional(
    v.custom<number>(
      (input) => Number.isSafeInteger(input) && (input as number) >= 0,
      'must be a whole number, 0 or more',
    ),
  ),
  maxHoldMs: duration('no bound'),
  stallMs: duration('no bound'),
  timeoutMs: duration('no bound'),
  whenStoreFails: v.optional(
    v.picklist(['local', 'refuse', 'admit'], "must be 'local', 'refuse' or 'admit'"),
  ),
})

const CLASS_NAME = /^[\w-]{1,64}$/
const LIMIT = 'must be a whole number of connections, 0 (to block) or more, or Infinity'

const CLASS = 'must be a name of a class: letters, digits, "-" and "_"'
const LIMITS =
  'must be an object from classes to limits, e.g. { read: 10, write: 1 }, or a function that returns one'

export const limitsSchema = v.pipe(
  v.custom<Limits>(isRecord, LIMITS),
  // A record of the library leaves out names that every object has, as if nothing were said under them.
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const [key, value] of Object.entries(dataset.value)) {
      const message = CLASS_NAME.test(key) ? (isLimit(value) ? undefined : LIMIT) : CLASS
      const path: [v.ObjectPathItem] = [{ type: 'object', origin: 'value', input: dataset.value, key, value }]
      if (message !== undefined) addIssue({ message, path })
    }
  }),
)
