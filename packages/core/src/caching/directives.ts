import {
  FLAG_MEMBERS,
  FLAGS,
  FLAGS_BY_NAME,
  isDirective,
  type FlagMember,
  MOST_SECONDS,
  SECONDS,
  SECONDS_BY_NAME,
  SECONDS_MEMBERS,
  type SecondsMember,
} from './names.js'

/** What a Cache-Control field says, each directive once. */
export type Directives = Readonly<Record<SecondsMember, number | undefined>> &
  Readonly<Record<FlagMember, boolean>> & {
    readonly visibility: 'public' | 'private' | undefined
    readonly noStore: boolean
    /** Extensions (RFC 9111 §5.2.3), as they are written. */
    readonly extensions: readonly string[]
  }

type Draft = { -readonly [Member in keyof Directives]: Directives[Member] }

export const NOTHING_SAID: Directives = Object.freeze({
  visibility: undefined,
  noStore: false,
  maxAge: undefined,
  sharedMaxAge: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  mustRevalidate: false,
  proxyRevalidate: false,
  noCache: false,
  noTransform: false,
  immutable: false,
  mustUnderstand: false,
  extensions: [],
})

/**
 * Reads a Cache-Control value as leniently as any cache might. A handler's word can only narrow, so what is doubtful is read
 * as the most restrictive: reading more than was meant never loosens anything. Hence `;` separates too, what stands in
 * quotes is read as well, since many caches split at every comma, and a lifetime that is no number is 0 (RFC 9111 §4.2.1).
 */
export function readDirectives(value: string): Directives {
  const members = [...value.matchAll(QUOTE_AWARE)].map(([member]) => readMember(member))
  return gather([...members, ...readCarelessly(value)])
}

/** The directives that a cache finds in quotes, if it splits at every comma. */
export function readCarelessly(value: string): [string, string | undefined][] {
  if (!value.includes('"')) return []
  return value
    .split(/[,;]/)
    .map(readMember)
    .filter(([name]) => isDirective(name.toLowerCase()))
}

const QUOTE_AWARE = /(?:[^",;]|"(?:[^"\\]|\\.)*")+/g

function readMember(member: string): [string, string | undefined] {
  const equals = member.indexOf('=')
  if (equals === -1) return [member.trim(), undefined]
  return [member.slice(0, equals).trim(), member.slice(equals + 1).trim()]
}

/** Brings names with their values into the one form. Names in any case; a repeated one keeps its most restrictive value. */
export function gather(members: Iterable<readonly [string, string | undefined]>): Directives {
  const draft: Draft = { ...NOTHING_SAID }
  const extensions = new Map<string, string>()
  for (const [written, value] of members) {
    const name = written.toLowerCase()
    const seconds = SECONDS_BY_NAME.get(name)
    const flag = FLAGS_BY_NAME.get(name)
    if (seconds) draft[seconds] = least(draft[seconds], readSeconds(value))
    // A qualified no-cache="field" or private="field" counts as the bare one: many caches read it so (RFC 9111 §5.2.2.4).
    else if (flag) draft[flag] = true
    else if (name === 'no-store') draft.noStore = true
    else if (name === 'private') draft.visibility = 'private'
    else if (name === 'public') draft.visibility ??= 'public'
    else if (isHarmless(name, value) && !extensions.has(name)) {
      extensions.set(name, value === undefined ? name : `${name}=${value}`)
    }
  }
  if (extensions.size > 0) draft.extensions = [...extensions.values()]
  return draft
}

function readSeconds(value: string | undefined): number {
  const digits = /^"?(\d+)"?$/.exec(value ?? '')?.[1]
  return digits === undefined ? 0 : Math.min(Number(digits), MOST_SECONDS)
}

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
// A comma inside quotes would show a careless reader a directive that nobody gave.
const QUOTED = /^"[^",\\]*"$/
// A cache that knows it might keep longer, or share with more: `private, community="UCI"` is the example of RFC 9111 §5.2.3.
const LOOSENING =
  /(?:^|-)(?:max|maxage|age|ttl|stale|fresh|check|cached|store|public|shared|community)(?:-|$)/

/** Whether an extension may go out: well-formed, and its name does not speak of lifetimes or of sharing. */
function isHarmless(name: string, value: string | undefined): boolean {
  if (!TOKEN.test(name) || LOOSENING.test(name)) return false
  return value === undefined || TOKEN.test(value) || QUOTED.test(value)
}

/** The smaller of two, where `undefined` says nothing. */
export function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other
  return other === undefined || one < other ? one : other
}

/** One line, always in the same order. A structured-fields dictionary too, unless there are extensions (RFC 9213 §2.1). */
export function writeDirectives(directives: Directives): string {
  const words: string[] = []
  if (directives.noStore) words.push('no-store')
  if (directives.visibility) words.push(directives.visibility)
  for (const member of SECONDS_MEMBERS) {
    if (directives[member] !== undefined) words.push(`${SECONDS[member]}=${directives[member]}`)
  }
  for (const member of FLAG_MEMBERS) if (directives[member]) words.push(FLAGS[member])
  words.push(...directives.extensions)
  return words.join(', ')
}
