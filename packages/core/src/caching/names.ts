/** Directives whose value is a number of seconds, by the member that holds it. */
export const SECONDS = {
  maxAge: 'max-age',
  sharedMaxAge: 's-maxage',
  staleWhileRevalidate: 'stale-while-revalidate',
  staleIfError: 'stale-if-error',
} as const

/** Directives that stand alone, by the member that holds them. */
export const FLAGS = {
  mustRevalidate: 'must-revalidate',
  proxyRevalidate: 'proxy-revalidate',
  noCache: 'no-cache',
  noTransform: 'no-transform',
  immutable: 'immutable',
  mustUnderstand: 'must-understand',
} as const

export type SecondsMember = keyof typeof SECONDS
export type FlagMember = keyof typeof FLAGS

export const SECONDS_MEMBERS = Object.keys(SECONDS) as SecondsMember[]
export const FLAG_MEMBERS = Object.keys(FLAGS) as FlagMember[]

/** Member by directive. Maps, since a handler's directive may be called `constructor`. */
export const SECONDS_BY_NAME = new Map<string, SecondsMember>(
  SECONDS_MEMBERS.map((member) => [SECONDS[member], member]),
)
export const FLAGS_BY_NAME = new Map<string, FlagMember>(
  FLAG_MEMBERS.map((member) => [FLAGS[member], member]),
)

export const VISIBILITIES: ReadonlySet<string> = new Set(['public', 'private', 'no-store'])

/** Every directive that a policy may hold. */
export const DIRECTIVE_NAMES: readonly string[] = [
  ...VISIBILITIES,
  ...SECONDS_BY_NAME.keys(),
  ...FLAGS_BY_NAME.keys(),
]

const KNOWN: ReadonlySet<string> = new Set(DIRECTIVE_NAMES)

/** Whether a lower-case name is a directive that this room knows. */
export function isDirective(name: string): boolean {
  return KNOWN.has(name)
}

/** The largest number of seconds that caches count to (RFC 9111 §1.2.2). */
export const MOST_SECONDS = 2_147_483_648
