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
  readonly account: { readonly id: string }
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
  const looks: ((who: Who, request: GateRequest, now: number) => Ground | undefined)[] = []
  const { clock, addressOf } = context
  const tell = (who: Who, is: SignFacts) => context.onSign(who, is.found)

  if (atLimit) looks.push((who, _, now) => refusedNow(often!, who.account.id, now))
  if (networks) {
    const is = factsOf('many-networks', 'sharing-suspected', networks)
    const networkAt = recalling(networkOf)
    looks.push((who, request, now) => {
      const address = addressOf(request)
      const network = address === undefined ? undefined : networkAt(address)
      const subject = who.credential.digest
      if (network !== undefined && is.watch.isSign(subject, now, network)) tell(who, is)
      return refusedNow(is, subject, now)
    })
  }
  if (ids) {
    const decode = createPathDecoder()
    const watched = ids.paths.map((path) => ({
      fits: createPathMatch([path]),
      is: factsOf('many-ids', 'scraping-suspected', ids),
    }))
    const watchedIn = recalling((path) => {
      const decoded = decode(path)
      return { number: hashOf(decoded), signs: watched.filter(({ fits }) => fits(decoded)) }
    })
    looks.push((who, request, now) => {
      const { number, signs } = watchedIn(request.path)
      const subject = who.account.id
      for (const { is } of signs) {
        if (is.watch.isSign(subject, now, number)) tell(who, is)
        const ground = refusedNow(is, subject, now)
        if (ground) return ground
      }
      return undefined
    })
  }
  const often = atLimit && factsOf('often-at-limit', 'circumvention-suspected', atLimit)
  if (looks.length === 0) return undefined

  return {
    check(who, request, now) {
      for (const look of looks) {
        const ground = look(who, request, now)
        if (ground) return ground
      }
      return undefined
    },
    refusedAtLimit(who) {
      if (often?.watch.isSign(who.account.id, clock.elapsed())) tell(who, often)
    },
  }
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

function refusedNow({ watch, ground }: SignFacts, subject: string, now: number): Ground | undefined {
  return watch.isRefused(subject, now) ? ground : undefined
}
