import { pathIsAmbiguous } from '../ambiguous-path.js'
import { createPathDecoder, createPathMatch } from '../path-pattern.js'
import { recalling } from '../recall.js'
import { NO_RULES, type BlockCheck, type RulesOfPath } from './block.js'

/** What a path says by itself, whatever else the request is. */
export interface PathReading {
  /** Routers may read it in two ways, or it is none: the asterisk form and the authority form have none. */
  readonly isAmbiguous: boolean
  /** Whether it is among the documented paths. */
  readonly isDocumented: boolean
  /** The rules that it falls under. */
  readonly blockRules: RulesOfPath
}

/** Reads a path. Worked out once for those that come again and again. */
export function createPathReader(
  patterns: readonly string[] | undefined,
  block: BlockCheck,
): (path: string) => PathReading {
  const decode = createPathDecoder()
  const fits = patterns && createPathMatch(patterns)
  return recalling((path) => {
    const isAmbiguous = pathIsAmbiguous(path)
    // What cannot be read is not decoded either.
    const decoded = isAmbiguous && path.includes('%') ? undefined : decode(path)
    return {
      isAmbiguous,
      isDocumented: !fits || (decoded !== undefined && fits(decoded)),
      blockRules: decoded === undefined ? NO_RULES : block.rulesOf(decoded),
    }
  })
}
