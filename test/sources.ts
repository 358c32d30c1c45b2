import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

// The packages as text: what tests of their structure look at.

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const CORE = 'packages/core/src'
/** The rooms that decide. `node` is a room too, but stands above the gate, which it knows by its types. */
export const DECIDING = ['agreement', 'requests', 'credentials', 'connections', 'caching', 'misuse']
/** These follow the gate or look at it, and so stand above it as well. */
export const FOLLOWING = ['ledger', 'usage', 'clauses']
export const ROOMS = [...DECIDING, 'node', ...FOLLOWING]
export const ADAPTERS = ['express', 'koa']

export const PACKAGES = readdirSync(join(ROOT, 'packages')).filter((name) =>
  existsSync(join(ROOT, 'packages', name, 'package.json')),
)
export const SOURCES = new Map(
  PACKAGES.flatMap((name) => filesUnder(`packages/${name}/src`)).map((path) => [
    path,
    withoutComments(read(path)),
  ]),
)
/** What each file imports of its own package, type imports included. */
export const IMPORTS = new Map(
  [...SOURCES].map(([path, text]) => [path, importsIn(text).flatMap((name) => local(path, name))]),
)

export interface Manifest {
  readonly packageManager?: string
  readonly engines?: Record<string, string>
  readonly exports?: Record<string, unknown>
  readonly files?: string[]
  readonly scripts?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, unknown>
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function manifest(folder: string): Manifest {
  return JSON.parse(read(`${folder}/package.json`)) as Manifest
}

export function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.c?ts$/.test(path))
    .map((path) => `${folder}/${path.split(sep).join('/')}`)
}

export function filesOf(room: string): string[] {
  return [...SOURCES.keys()].filter((path) => roomOf(path) === room)
}

export function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path.startsWith(`${CORE}/${room}/`))
}

/** Documents quote import statements. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

export function importsIn(text: string): string[] {
  const statement = /^(?:import|export)\s+(?:[\w\s{},*]+?\sfrom\s+)?'([^']+)'/gm
  const expression = /\b(?:import|require)\(\s*'([^']+)'/g
  return [...text.matchAll(statement), ...text.matchAll(expression)].map(([, specifier]) => specifier ?? '')
}

/** The file that a relative import names, from the root; nothing for a package. */
function local(importer: string, specifier: string): string[] {
  if (!specifier.startsWith('.')) return []
  return [
    relative(ROOT, join(ROOT, dirname(importer), specifier.replace(/\.(c?)js$/, '.$1ts')))
      .split(sep)
      .join('/'),
  ]
}

export function reachableFrom(start: readonly string[]): Set<string> {
  const reached = new Set<string>(start)
  for (const path of reached) for (const target of IMPORTS.get(path) ?? []) reached.add(target)
  return reached
}
