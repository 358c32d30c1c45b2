import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGES, ROOT, filesUnder } from '../sources.js'

/** The sources of all packages, comments included. */
const TEXTS = PACKAGES.flatMap((name) => filesUnder(`packages/${name}/src`)).map((path) =>
  readFileSync(join(ROOT, path), 'utf8'),
)

/** The comment before a member of an interface, or an empty text. */
export function commentOf(type: string, member: string): string {
  const body = first(new RegExp(`^export interface ${type} [^{]*\\{\\n([^]*?)^\\}`, 'm')) ?? ''
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+(?:readonly )?${member}\\??:`).exec(body)?.[1]
  return (comment ?? '').replaceAll(/\s+\*?\s*/g, ' ')
}

/** Whether what is exported by this name has a comment before it. */
export function hasComment(name: string): boolean {
  const declared = `export (?:interface|type|function|class|const) ${name}\\b`
  return first(new RegExp(`\\*/\\n(${declared})`)) !== undefined
}

/** The names that the public entrances of the packages export, types included. */
export function publicNames(): string[] {
  const indexes = PACKAGES.flatMap((name) => filesUnder(`packages/${name}/src`)).filter((path) =>
    /^packages\/\w+\/src\/(?:node\/)?index\.ts$/.test(path),
  )
  return indexes.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}/gm)].flatMap(
      ([, list = '']) => [...list.matchAll(/(?:type\s+)?(\w+)\s*(?:,|$)/g)].map(([, name = '']) => name),
    ),
  )
}

function first(pattern: RegExp): string | undefined {
  return TEXTS.map((text) => pattern.exec(text)?.[1]).find((found) => found !== undefined)
}
