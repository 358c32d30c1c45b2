import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

const overridden = Object.freeze<Ground>({
  reason: 'method-overridden',
  detail: 'Send the method as the method of the request, without an override field or a "_method" parameter.',
})

/** Where the parameter might stand, in whatever encoding: an underscore, then an `m`. */
const SUSPECT = /(?:_|%5f)(?:m|%[46]d)/i

/** The parameter's name; in brackets too, since nested-query parsers make one name of them. */
const OVERRIDE = /^\[?_method(?:[[\]]|$)/i

/**
 * Refuses method overrides, even one that names the request's own method: what follows the gate must not see another
 * method than the gate has counted.
 */
export function refuseOverride({ headers, query }: GateRequest): Ground | undefined {
  if (
    headers['x-http-method-override'] !== undefined ||
    headers['x-http-method'] !== undefined ||
    headers['x-method-override'] !== undefined
  ) {
    return overridden
  }
  if (query === '' || !SUSPECT.test(query)) return undefined
  return query.split(/[&;]/).some(isOverride) ? overridden : undefined
}

function isOverride(parameter: string): boolean {
  const [name = ''] = parameter.split('=', 1)
  return OVERRIDE.test(decodeAscii(name).trim())
}

/** Not `decodeURIComponent`, which gives up on the whole name for one broken sequence that parsers let pass. */
function decodeAscii(name: string): string {
  return name
    .replaceAll('+', ' ')
    .replaceAll(/%([0-7][\da-f])/gi, (_, octet: string) => String.fromCharCode(Number.parseInt(octet, 16)))
}
