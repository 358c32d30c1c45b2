import type { CompleteClock } from '../clock.js'
import { createPathDecoder, createPathMatch } from '../path-pattern.js'
import { recalling } from '../recall.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { groundsFor } from './grounds.js'
import { hashOf } from './hash.js'
import { networkOf } from './network.js'
import type { MisuseOptions, SignOptions } from './options.js'
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

/** Who is refused for a sign: an account, or the digest of a credential. */
export interface Ban {
  readonly sign: string
  /** The pattern, of many ids; else empty. */
  readonly of: string
  readonly subject: string
}

export interface MisuseContext<Who extends Suspect> {
  readonly clock: CompleteClock
  addressOf(request: GateRequest): string | undefined
  onSign(who: Who, found: MisuseFound): void
  /** Somebody is refused from now on, for so long. */
  onBan(ban: Ban, forMs: number): void
}

const HOUR_MS = 3_600_000

/** Looks for signs of misuse in what identified callers do. */
export interface MisuseCheck<Who extends Suspect> {
  /** Notes a request, at a moment of the steady clock. Answers why it is to be refused, if it is. */
  check(who: Who, request: GateRequest, now: number): Ground | undefined
  /** Notes that a request was refused at the limit. */
  refusedAtLimit(who: Who): void
  /** Another process refuses somebody, for so long from now on: so does this one, where it refuses anybody for that. */
  ban(ban: Ban, forMs: number): void
}

/** `undefined` where nothing is looked for. */
export function createMisuseCheck<Who extends Suspect>(
  options: MisuseOptions | undefined,
  context: MisuseContext<Who>,
): MisuseCheck<Who> | undefined {
  const { networks, ids, atLimit } = options ?? {}
  if (!networks && !ids && !atLimit) return undefined
  const { clock, addressOf } = context

  const tell = (who: Who, { found, of }: SignFacts, subject: string) => {
    context.onSign(who, found)
    if (found.refuseMs > 0) context.onBan({ sign: found.sign, of, subject }, found.refuseMs)
  }

  /** Notes what was seen of a subject; answers why it is to be refused now, if it is. */
  const look = (who: Who, is: SignFacts, subject: string, now: number, value: number | undefined) => {
    const { watch, ground } = is
    if (value !== undefined && watch.isSign(subject, now, value)) tell(who, is, subject)
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

  const watched = ids?.paths.map((path) => factsOf('many-ids', 'scraping-suspected', ids, path)) ?? []
  const watchedIn = ids && createPathLook(watched)
  const all = [often, spread, ...watched].filter((is) => is !== undefined)
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
      if (often?.watch.isSign(who.accountId, clock.elapsed())) tell(who, often, who.accountId)
    },
    ban({ sign, of, subject }, forMs) {
      const is = all.find(({ found, of: own }) => found.sign === sign && own === of)
      if (is && is.found.refuseMs > 0) is.watch.ban(subject, clock.elapsed(), forMs)
    },
  }
}

/** What is looked for in a path, and a number that stands for it. */
interface PathLook {
  readonly number: number
  readonly signs: readonly SignFacts[]
}

/** Of each pattern so many paths, each for itself. */
function createPathLook(watched: readonly SignFacts[]): (path: string) => PathLook {
  const decode = createPathDecoder()
  const patterns = watched.map((is) => ({ fits: createPathMatch([is.of]), is }))
  return recalling((path) => {
    const decoded = decode(path)
    const signs = patterns.filter(({ fits }) => fits(decoded)).map(({ is }) => is)
    return { number: hashOf(decoded), signs }
  })
}

interface SignFacts {
  /** Its pattern, where it has one. */
  readonly of: string
  readonly found: MisuseFound
  readonly watch: Watch
  readonly ground: Ground
}

function factsOf(
  sign: Sign,
  reason: MisuseFound['reason'],
  { most, withinMs = HOUR_MS, refuseMs = 0 }: SignOptions,
  of = '',
): SignFacts {
  return {
    of,
    found: Object.freeze({ sign, reason, most, withinMs, refuseMs }),
    watch: new Watch({ most, withinMs, refuseMs }),
    ground: groundsFor(sign, refuseMs),
  }
}
