import * as v from 'valibot'
import { patternProblem } from '../path-pattern.js'

/** When something is a sign of misuse, and what follows. */
export interface SignOptions {
  /** So many are fine; one more is a sign. */
  most: number
  /** Within how long, in ms. Default 3 600 000: an hour. */
  withinMs?: number
  /** Refuses for so long, in ms, from the sign on; what comes after that is counted anew. Default 0: it is told, and nothing refused. */
  refuseMs?: number
}

/** When many ids are a sign of misuse. */
export interface IdsOptions {
  /** Patterns of path-to-regexp 8, e.g. `/v1/extensions/:id`: each is counted by itself. */
  paths: string[]
  /** So many different paths are fine; one more is a sign. */
  most: number
  /** Within how long, in ms. Default 3 600 000: an hour. */
  withinMs?: number
  /** Refuses for so long, in ms, from the sign on; what comes after that is counted anew. Default 0: it is told, and nothing refused. */
  refuseMs?: number
}

/** Signs of misuse: told as `misuse` events and, where the provider says so, refused. Each is looked for only where it is named. */
export interface MisuseOptions {
  /**
   * From how many networks one credential is used: blocks of 256 addresses (IPv4 /24), or of one site (IPv6 /48). A sign of a key that is shared (clause
   * 4(a)). Refuses the credential, with `sharing-suspected`.
   */
  networks?: SignOptions
  /**
   * How many different paths one account asks for under one pattern. A sign of scraping (clause 5(d)). Refuses what the account asks for
   * under the pattern, with `scraping-suspected`.
   */
  ids?: IdsOptions
  /**
   * How often one account is refused at its limit. A sign that the limits are being got round (clause 2(d)). Refuses the account, with
   * `circumvention-suspected`.
   */
  atLimit?: SignOptions
}

const DAYS_24 = 2_073_600_000

const sign = {
  most: v.custom<number>(isCount(1, 100_000), 'must be a whole number from 1 to 100 000'),
  withinMs: v.optional(
    v.custom<number>(isCount(1, DAYS_24), 'must be a whole number of milliseconds, 1 or more'),
  ),
  refuseMs: v.optional(
    v.custom<number>(isCount(0, DAYS_24), 'must be a whole number of milliseconds, 0 or more'),
  ),
}

const pattern = v.pipe(
  v.string('must be text'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? patternProblem(dataset.value) : undefined
    if (message !== undefined) addIssue({ message })
  }),
)

/** The names and checks of {@link MisuseOptions}. */
export const misuseSchema = v.strictObject({
  networks: v.optional(v.strictObject(sign)),
  ids: v.optional(
    v.strictObject({
      ...sign,
      paths: v.pipe(
        v.array(pattern, "must be a list of patterns, e.g. ['/v1/extensions/:id']"),
        v.minLength(1, 'must name at least one pattern'),
      ),
    }),
  ),
  atLimit: v.optional(v.strictObject(sign)),
})

function isCount(least: number, most: number): (value: unknown) => boolean {
  return (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}
