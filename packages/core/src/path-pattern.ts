import { pathToRegexp } from 'path-to-regexp'
import { pathIsAmbiguous } from './ambiguous-path.js'

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

/** Decodes a path that the target check of the requests room let pass. */
export type DecodePath = (path: string) => string

/** Several checks read the same path one after another, and decoding costs more than matching: the last one is kept. */
export function createPathDecoder(): DecodePath {
  let last = ''
  let decoded = ''
  return (path) => {
    if (!path.includes('%')) return path
    if (path !== last) {
      decoded = decodeURIComponent(path)
      last = path
    }
    return decoded
  }
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
