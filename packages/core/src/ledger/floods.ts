import type { Decision } from './entry.js'

/** So many kinds of decision are told apart within a window; an attacker may make up more. */
const MOST = 10_000

/** What is told of an account in a summary. */
interface Whose {
  readonly id: string
  readonly partner?: string
}

/** Decisions of one kind within a window. */
interface Flood {
  readonly kind: Decision
  count: number
}

/**
 * Tells the first decisions of a kind, and counts the others of the same window: an account that is refused a thousand times a second
 * makes no more than so many entries. A kind is: what, API, account and reason.
 */
export class Floods {
  #floods = new Map<string, Flood>()
  /** How many are to be summed up. */
  untold = 0

  constructor(private readonly tellFirst: number) {}

  /** Whether this one is to be told by itself. */
  tells(
    what: Decision['what'],
    api: string,
    account: Whose | undefined,
    reason: string,
    clause?: string,
  ): boolean {
    const flood = this.#flood(what, api, account, reason, clause)
    if (++flood.count <= this.tellFirst) return true
    this.untold++
    return false
  }

  /** The window is over: what was not told, summed up. */
  *end(): Generator<{ readonly kind: Decision; readonly count: number }> {
    const floods = this.#floods
    this.#floods = new Map()
    this.untold = 0
    for (const { kind, count } of floods.values())
      if (count > this.tellFirst) yield { kind, count: count - this.tellFirst }
  }

  #flood(
    what: Decision['what'],
    api: string,
    account: Whose | undefined,
    reason: string,
    clause?: string,
  ): Flood {
    const name = `${what}\0${api}\0${reason}\0${account?.id ?? ''}`
    const found = this.#floods.get(name)
    if (found) return found
    const facts = { what, api, reason, ...(clause !== undefined && { clause }) }
    if (this.#floods.size < MOST) return this.#added(name, { ...facts, ...(account && whose(account)) })
    // Few: the words of a decision are the gate's own.
    const others = `${what}\0${api}\0${reason}\0\0others`
    return this.#floods.get(others) ?? this.#added(others, { ...facts, others: true })
  }

  #added(name: string, kind: Decision): Flood {
    const flood = { kind, count: 0 }
    this.#floods.set(name, flood)
    return flood
  }
}

function whose({ id, partner }: Whose): Pick<Decision, 'account' | 'partner'> {
  return { account: id, ...(partner !== undefined && { partner }) }
}
