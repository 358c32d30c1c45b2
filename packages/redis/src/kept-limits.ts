import type { Limits } from '@api-terms/core'

/** A limit that was set at run time. */
interface SetLimit {
  readonly limit: number
  /** When, in ms of Redis's clock; where it was never told, of this process's steady one: the other may not be known yet. */
  readonly at: number
  /** `new`: never told. `lost`: Redis knew it and has forgotten it. */
  state: 'new' | 'told' | 'lost'
}

/** What Redis is to be told, as the arguments of the script, and what is made of its answer. */
interface Telling {
  readonly args: string[]
  heard(told: readonly string[], now: number): boolean
}

/** What reaches Redis so soon after it was said it orders by arrival: this process's reading of its clock is less exact. */
const FRESH_MS = 500

/** The limits set at run time, as far as this process knows. For each class the last who set it decides, in every process alike. */
export class KeptLimits {
  readonly #limits = new Map<string, SetLimit>()

  get all(): Limits {
    return Object.fromEntries([...this.#limits].map(([name, { limit }]) => [name, limit]))
  }

  get untold(): boolean {
    return [...this.#limits.values()].some(({ state }) => state !== 'told')
  }

  /** This process sets them. */
  set(limits: Limits): void {
    const at = performance.now()
    for (const [name, limit] of Object.entries(limits)) this.#limits.set(name, { limit, at, state: 'new' })
  }

  /** `ahead`: Redis's clock less the steady one. */
  telling(ahead: number): Telling {
    const sent = new Map([...this.#limits].filter(([, { state }]) => state !== 'told'))
    const args = [...sent].flatMap(([name, each]) => [
      name,
      momentOf(each, ahead).toFixed(3),
      String(each.limit),
      each.state === 'new' ? '1' : '0',
    ])
    return { args, heard: (told, now) => this.hear(told, now, ahead, sent) }
  }

  /** What Redis knows, by class; it has decided on what was sent. Answers whether a limit is another now. */
  hear(
    told: readonly string[],
    now: number,
    ahead: number,
    sent: ReadonlyMap<string, SetLimit> = new Map(),
  ): boolean {
    const theirs = parsed(told)
    for (const [name, mine] of this.#limits) if (!theirs.has(name)) forgotten(mine)
    let changed = false
    for (const [name, { limit, at }] of theirs) {
      const mine = this.#limits.get(name)
      if (mine && mine !== sent.get(name) && isNewer(mine, at, now, ahead)) {
        forgotten(mine)
      } else {
        changed ||= mine?.limit !== limit
        this.#limits.set(name, { limit, at, state: 'told' })
      }
    }
    return changed
  }
}

function forgotten(limit: SetLimit): void {
  if (limit.state === 'told') limit.state = 'lost'
}

function momentOf({ state, at }: SetLimit, ahead: number): number {
  return state === 'new' ? at + ahead : at
}

function isNewer(mine: SetLimit, at: number, now: number, ahead: number): boolean {
  const moment = momentOf(mine, ahead)
  return moment > at || (mine.state === 'new' && now - moment < FRESH_MS)
}

function parsed(told: readonly string[]): Map<string, { readonly limit: number; readonly at: number }> {
  const limits = new Map<string, { limit: number; at: number }>()
  for (let i = 0; i + 1 < told.length; i += 2) {
    const [at, limit] = told[i + 1]!.split(':').map(Number)
    // Nothing but a limit is taken for one, whatever stands there.
    const isLimit = limit === Infinity || (Number.isSafeInteger(limit) && limit! >= 0)
    if (isLimit && Number.isFinite(at)) limits.set(told[i]!, { limit: limit!, at: at! })
  }
  return limits
}
