import { pathIsAmbiguous } from '../ambiguous-path.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createHostCheck, isAbsoluteForm } from './host.js'

/** RFC 9112 §3 asks every recipient to support at least so many octets. */
const LONGEST_TARGET = 8000

/**
 * What may stand in a path that needs no second look, by its code: what RFC 3986 allows but `%` and `;` (some routers cut parameters
 * there), and `[`, `]`, `|`, which browsers send as they are.
 */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\w!$&'()*+,=:@~.|[\]/-]/.test(String.fromCharCode(code))),
)

/** Outside of visible ASCII, or `#`: parsers cut there, or drop it. */
const UNSENDABLE = /[^!"$-~]/

const ambiguousTarget = Object.freeze<Ground>({
  reason: 'target-ambiguous',
  detail:
    'Send the target in its plain form: no empty or dot segment, no ";", backslash or "#" in the path, and percent-encode ' +
    'only what has to be, once, as UTF-8.',
})

const ambiguousHost = Object.freeze<Ground>({
  reason: 'target-ambiguous',
  detail:
    'Send one Host field with the name and port of the server, and the same in the target where it holds one.',
})

/** Refuses what routers may read in two ways. Nothing is repaired: guard and router would read different paths. */
export function createTargetCheck(
  maxTargetLength = LONGEST_TARGET,
): (request: GateRequest) => Ground | undefined {
  const tooLong = Object.freeze<Ground>({
    reason: 'target-too-long',
    detail: `The request target may be at most ${maxTargetLength} octets long.`,
  })
  const hostIsAmbiguous = createHostCheck()

  return (request) => {
    if (request.target.length > maxTargetLength) return tooLong
    if (!isPlain(request) && isAmbiguous(request)) return ambiguousTarget
    return hostIsAmbiguous(request) ? ambiguousHost : undefined
  }
}

/** No false yes; what it says no to is looked at again. Without an expression, which costs more where it is used once in a request. */
function isPlain({ target, path, query }: GateRequest): boolean {
  if (target.charCodeAt(0) !== SLASH) return false
  let before = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (PLAIN[code] !== 1 || (before === SLASH && (code === SLASH || code === DOT))) return false
    before = code
  }
  return query === '' || !UNSENDABLE.test(query)
}

const SLASH = 47
const DOT = 46

function isAmbiguous({ method, target, path, headers }: GateRequest): boolean {
  if (UNSENDABLE.test(target)) return true
  if (target.startsWith('/')) return pathIsAmbiguous(path)
  if (target === '*') return method !== 'OPTIONS'
  if (method === 'CONNECT') return !/^[^/?@]+:\d+$/.test(target)
  // RFC 9113 §8.3.1: `:path` is a path or an asterisk.
  if (headers[':path'] !== undefined || !isAbsoluteForm(target)) return true
  return pathIsAmbiguous(path)
}
