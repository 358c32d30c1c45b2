import type { CompleteClock } from '../clock.js'
import { createPathDecoder, createPathMatch } from '../path-pattern.js'
import { recalling } from '../recall.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { groundsFor } from './grounds.js'
import { hashOf } from './hash.js'
import { networkOf } from './network.js'
import type { IdsOptions, MisuseOptions, SignOptions } from './options.js'
import { Watch } from './watch.js'

/** `many-networks`, `many-ids`, `often-at-limit`. */
export type Sign = 'many-networks' | 'many-ids' | 'often-at-limit'

/** Whom a sign is about. */
export interface Suspect {
  readonly accountId: string
  readonly credential: { readonly digest: string }
}

/** A sign that has just come up. */
export interface MisuseFound {
  readonly sign: Sign
  readonly reason: Ground['reason']
  /** So many would have been fine. */
  readonly most: number
  readonly withinMs: number
  /** How long it is refused, in ms; 0: not at all. */
  readonly refuseMs: number
}

export interface MisuseContext<Who extends Suspect> {
  readonly clock: CompleteClock
  addressOf(request: GateRequest): string | undefined
  onSign(who: Who, found: MisuseFound): void
}

const HOUR_MS = 3_600_000

/** Looks for signs of misuse in what identified callers do. */
export interface MisuseCheck<Who extends Suspect> {
  /** Notes a request, at a moment of the steady clock. Answers why it is to be refused, if it is. */
  check(who: Who, request: GateRequest, now: number): Ground | undefined
  /** Notes that a request was refused at the limit. */
  refusedAtLimit(who: Who): void
}

/** `undefined` where nothing is looked for. */
export function createMisuseCheck<Who extends Suspect>(
  options: MisuseOptions | undefined,
  context: MisuseContext<Who>,
): MisuseCheck<Who> | undefined {
  const { networks, ids, atLimit } = options ?? {}
  if (!networks && !ids && !atLimit) return undefined
  const { clock, addressOf } = context

  /** Notes what was seen of a subject; answers why it is to be refused now, if it is. */
  const look = (who: Who, is: SignFacts, subject: string, now: number, value: number | undefined) => {
    const { watch, found, ground } = is
    if (value !== undefined && watch.isSign(subject, now, value)) context.onSign(who, found)
    return watch.isRefused(subject, now) ? ground : undefined
  }

  const often = atLimit && factsOf('often-at-limit', 'circumvention-suspected', atLimit)
  const spread = networks && factsOf('many-networks', 'sharing-suspected', networks)
  const networkAt = recalling(networkOf)
  const lookAtNetwork = (who: Who, is: SignFacts, request: GateRequest, now: number) => {
    const address = addressOf(request)
    const network = address === undefined ? undefined : networkAt(address)
    return look(who, is, who.credential.digest, now, network)
  }

  const watchedIn = ids && createPathLook(ids)
  const lookAtPath = (who: Who, { number, signs }: PathLook, now: number) => {
    for (const is of signs) {
      const ground = look(who, is, who.accountId, now, number)
      if (ground) return ground
    }
    return undefined
  }

  return {
    check(who, request, now) {
      if (often?.watch.isRefused(who.accountId, now)) return often.ground
      const ground = spread && lookAtNetwork(who, spread, request, now)
      return ground ?? (watchedIn && lookAtPath(who, watchedIn(request.path), now))
    },
    refusedAtLimit(who) {
      if (often?.watch.isSign(who.accountId, clock.elapsed())) context.onSign(who, often.found)
    },
  }
}

/** What is looked for in a path, and a number that stands for it. */
interface PathLook {
  readonly number: number
  readonly signs: readonly SignFacts[]
}

/** Of each pattern so many paths, each for itself. */
function createPathLook(ids: IdsOptions): (path: string) => PathLook {
  const decode = createPathDecoder()
  const watched = ids.paths.map((path) => ({
    fits: createPathMatch([path]),
    is: factsOf('many-ids', 'scraping-suspected', ids),
  }))
  return recalling((path) => {
    const decoded = decode(path)
    const signs = watched.filter(({ fits }) => fits(decoded)).map(({ is }) => is)
    return { number: hashOf(decoded), signs }
  })
}

interface SignFacts {
  readonly found: MisuseFound
  readonly watch: Watch
  readonly ground: Ground
}

function factsOf(
  sign: Sign,
  reason: MisuseFound['reason'],
  { most, withinMs = HOUR_MS, refuseMs = 0 }: SignOptions,
): SignFacts {
  return {
    found: Object.freeze({ sign, reason, most, withinMs, refuseMs }),
    watch: new Watch({ most, withinMs, refuseMs }),
    ground: groundsFor(sign, refuseMs),
  }
}
