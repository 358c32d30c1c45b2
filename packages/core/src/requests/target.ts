import { pathIsAmbiguous } from '../ambiguous-path.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createHostCheck, isAbsoluteForm } from './host.js'

/** RFC 9112 §3 asks every recipient to support at least so many octets. */
const LONGEST_TARGET = 8000

/**
 * A target that needs no second look, but at its dots and slashes: origin form, visible ASCII, nothing encoded in the path. The path
 * takes what RFC 3986 allows but `;` (some routers cut parameters there), and `[`, `]`, `|`, which browsers send as they are. One
 * class of characters, without choices: this runs with every request.
 */
const PLAIN = /^\/[\w!$&'()*+,=:@~.|[\]/-]*(?:\?[!"$-~]*)?$/

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

/** No false yes; what it says no to is looked at again. */
function isPlain({ target, path }: GateRequest): boolean {
  return PLAIN.test(target) && !path.includes('//') && !path.includes('/.')
}

function isAmbiguous({ method, target, path, headers }: GateRequest): boolean {
  if (UNSENDABLE.test(target)) return true
  if (target.startsWith('/')) return pathIsAmbiguous(path)
  if (target === '*') return method !== 'OPTIONS'
  if (method === 'CONNECT') return !/^[^/?@]+:\d+$/.test(target)
  // RFC 9113 §8.3.1: `:path` is a path or an asterisk.
  if (headers[':path'] !== undefined || !isAbsoluteForm(target)) return true
  return pathIsAmbiguous(path)
}
