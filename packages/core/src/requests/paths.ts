import { pathToRegexp } from 'path-to-regexp'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import type { DecodePath } from './decoded-path.js'
import { pathIsAmbiguous } from './target.js'

const notDocumented = Object.freeze<Ground>({
  reason: 'path-not-documented',
  detail: 'Use a path that the documentation of the API lists.',
})

/** What is wrong with a pattern among the options, and the remedy. */
export function patternProblem(pattern: string): string | undefined {
  if (!/^(?:[/*{]|\\\*$)/.test(pattern)) return "must begin with '/': it is compared with the whole path"
  try {
    compile(pattern)
  } catch (error) {
    const cause = (error as Error).message.split(';')[0]
    return `is no pattern of path-to-regexp 8 (${cause}): write '/*rest' for the rest, '{/:id}' for an optional part, '\\' before a sign meant as such`
  }
  const text = pattern.replaceAll(/[{}\\]/g, '').replaceAll(/[:*](?:"[^"]*"|[\p{ID_Continue}$]+)/gu, 'x')
  return /[^!-~]/.test(text) || text === '*' || !pathIsAmbiguous(text.replace(/^x/, '/x'))
    ? undefined
    : "never matches, because such a path is refused as ambiguous: leave out empty and dot segments, ';', '#' and needless encoding"
}

/**
 * Whether a decoded path fits one of the patterns. The patterns are decoded too, so that neither `/caf%C3%A9` and `/café`
 * among the options nor `%40` and `@` in a request make a difference.
 */
export function createPathMatch(patterns: readonly string[]): (decodedPath: string) => boolean {
  const compiled = combine(patterns.toSorted())
  const [first] = compiled
  if (first && compiled.length === 1) return (path) => first.test(path)
  return (path) => compiled.some((regexp) => regexp.test(path))
}

/** Refuses what is not among the documented paths, as `path-not-documented`. */
export function createPathCheck(
  patterns: readonly string[] | undefined,
  decode: DecodePath,
): (request: GateRequest) => Ground | undefined {
  if (!patterns) return () => undefined
  const isDocumented = createPathMatch(patterns)
  return ({ path }) => (isDocumented(decode(path)) ? undefined : notDocumented)
}

/**
 * One expression tries many patterns faster than many expressions do, and faster still where neighbours begin alike, hence
 * the sorting. path-to-regexp takes no more than 256 alternatives in one.
 */
function combine(patterns: readonly string[]): RegExp[] {
  try {
    return [compile(patterns)]
  } catch (error) {
    if (patterns.length < 2) throw error
    const half = patterns.length >> 1
    return [...combine(patterns.slice(0, half)), ...combine(patterns.slice(half))]
  }
}

/** Without the groups that capture parameters: nobody reads them here, and they cost more than the rest of the match. */
function compile(patterns: string | readonly string[]): RegExp {
  const { regexp } = pathToRegexp(patterns as string | string[], { encodePath: decodeURIComponent })
  const source = regexp.source.replaceAll(/(\\.)|\((?!\?)/gs, (_, escaped?: string) => escaped ?? '(?:')
  return new RegExp(source, regexp.flags)
}
