import { createPathMatch, type DecodePath } from '../path-pattern.js'
import { recalling } from '../recall.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

const notDocumented = Object.freeze<Ground>({
  reason: 'path-not-documented',
  detail: 'Use a path that the documentation of the API lists.',
})

/** Refuses what is not among the documented paths, as `path-not-documented`. */
export function createPathCheck(
  patterns: readonly string[] | undefined,
  decode: DecodePath,
): (request: GateRequest) => Ground | undefined {
  if (!patterns) return () => undefined
  const fits = createPathMatch(patterns)
  const isDocumented = recalling((path) => fits(decode(path)))
  return ({ path }) => (isDocumented(path) ? undefined : notDocumented)
}
