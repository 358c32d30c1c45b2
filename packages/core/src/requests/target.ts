import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'
import { createHostCheck, isAbsoluteForm } from './host.js'
import type { PathReading } from './reading.js'

/** RFC 9112 §3 asks every recipient to support at least so many octets. */
const LONGEST_TARGET = 8000

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

/** Refuses targets that are too long to be looked at. */
export function createLengthCheck(
  maxTargetLength = LONGEST_TARGET,
): (request: GateRequest) => Ground | undefined {
  const tooLong = Object.freeze<Ground>({
    reason: 'target-too-long',
    detail: `The request target may be at most ${maxTargetLength} octets long.`,
  })
  return ({ target }) => (target.length > maxTargetLength ? tooLong : undefined)
}

/** Refuses what routers may read in two ways. Nothing is repaired: guard and router would read different paths. */
export function createTargetCheck(): (request: GateRequest, path: PathReading) => Ground | undefined {
  const hostIsAmbiguous = createHostCheck()
  return (request, path) => {
    if (isAmbiguous(request, path)) return ambiguousTarget
    return hostIsAmbiguous(request) ? ambiguousHost : undefined
  }
}

function isAmbiguous(request: GateRequest, path: PathReading): boolean {
  const { target, query } = request
  if (target.charCodeAt(0) !== SLASH) return UNSENDABLE.test(target) || !isOfAnotherForm(request, path)
  return path.isAmbiguous || (query !== '' && UNSENDABLE.test(query))
}

/** Whether a target that is no path is one of the other forms, as it is to be (RFC 9112 §3.2). */
function isOfAnotherForm({ method, target, headers }: GateRequest, path: PathReading): boolean {
  if (target === '*') return method === 'OPTIONS'
  if (method === 'CONNECT') return /^[^/?@]+:\d+$/.test(target)
  // RFC 9113 §8.3.1: `:path` is a path or an asterisk.
  return headers[':path'] === undefined && isAbsoluteForm(target) && !path.isAmbiguous
}

const SLASH = 47
