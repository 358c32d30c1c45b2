import type { GateRequest } from '../request.js'
import { isIssuedKey } from '../accounts/key.js'

const SLASH = 47
/** What every key made by `issueKey` ends with. */
const END_OF_KEY = /_[0-9A-Za-z]{38}/
const PARAMETERS = ['access_token', 'api_key', 'apikey', 'api-key']

/**
 * Whether a request carries a credential in its target (clause 4(b); RFC 6750 §5.3): a parameter with the name of one, a name or
 * value that is a key made by `issueKey`, or userinfo in the absolute form (RFC 9110 §4.2.4).
 */
export function createUrlCheck(header: string): (request: GateRequest) => boolean {
  const names = new Set([...PARAMETERS, header])
  // Most queries hold neither a name in question nor anything that could be a key: those are not taken apart.
  const suspicious = new RegExp(`[%+]|(?:^|[&;])(?:${[...names].map(escaped).join('|')})(?:[=&;[]|$)`, 'i')

  const isCredential = (parameter: string): boolean => {
    const equals = parameter.indexOf('=')
    const name = decoded(equals === -1 ? parameter : parameter.slice(0, equals))
    // Parsers of nested queries read `api_key[]` and `api_key[0]` as api_key.
    const bracket = name.indexOf('[', 1)
    const plain = (bracket === -1 ? name : name.slice(0, bracket)).trim().toLowerCase()
    if (names.has(plain) || isIssuedKey(name)) return true
    if (equals === -1) return false
    const value = decoded(parameter.slice(equals + 1))
    // The last word, since whole field values are put in URLs too: `?authorization=Bearer%20key_…`.
    return isIssuedKey(value.slice(value.lastIndexOf(' ') + 1))
  }

  return ({ query, target }) => {
    if (query !== '') {
      const isSuspicious = suspicious.test(query) || END_OF_KEY.test(query)
      if (isSuspicious && query.split(/[&;]/).some(isCredential)) return true
    }
    return target.charCodeAt(0) !== SLASH && hasUserinfo(target)
  }
}

function hasUserinfo(target: string): boolean {
  const scheme = target.indexOf('://')
  const authority = /^[^/?#]*/.exec(scheme === -1 ? target : target.slice(scheme + 3))
  return authority?.[0].includes('@') ?? false
}

/** Names and keys in question are ASCII, so a sequence that is no UTF-8 is read byte by byte instead of being an error. */
function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  return text
    .replaceAll('+', ' ')
    .replace(/%[0-9a-f]{2}/gi, (triplet) => String.fromCharCode(Number.parseInt(triplet.slice(1), 16)))
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
