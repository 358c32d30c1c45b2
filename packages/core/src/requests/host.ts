import { isRepeated } from '../field-lines.js'
import type { GateRequest } from '../request.js'

/** A name or an IP literal, and a port: neither user, nor list, nor blank (RFC 9110 §7.2, RFC 3986 §3.2.2). */
const AUTHORITY = /^(?:[\w.~%-]+|\[[\da-f:.]+\])(?::\d*)?$/i
const ABSOLUTE_FORM = /^(https?):\/\/([^/?]*)/i

/**
 * Whether it is in doubt which host a request is for: several Host lines, an empty or broken one (RFC 9112 §3.2 asks for
 * 400), or one that disagrees with the authority of the target.
 */
export function createHostCheck(): (request: GateRequest) => boolean {
  // A server has few names: comparing with the last sound one is cheaper than reading it anew.
  let sound: unknown
  const isAuthority = (value: unknown): value is string => {
    if (value === sound) return true
    if (typeof value !== 'string' || !AUTHORITY.test(value)) return false
    sound = value
    return true
  }

  return ({ target, headers, rawHeaders }) => {
    const { host, ':authority': authority } = headers
    if (host !== undefined && !isAuthority(host)) return true
    if (isRepeated(rawHeaders, 'host')) return true
    // RFC 9113 §8.3.1: a Host field beside `:authority` names the same one.
    if (authority !== undefined) {
      if (!isAuthority(authority)) return true
      if (host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return true
    }
    return target.charCodeAt(0) !== SLASH && disagreesWithHost(target, host)
  }
}

/** Whether this is a target with an authority of its own, as proxies are sent (RFC 9112 §3.2.2). */
export function isAbsoluteForm(target: string): boolean {
  return ABSOLUTE_FORM.test(target)
}

function disagreesWithHost(target: string, host: unknown): boolean {
  const [, scheme, authority] = ABSOLUTE_FORM.exec(target) ?? []
  if (scheme === undefined || authority === undefined) return false
  if (typeof host !== 'string') return true
  const defaultPort = scheme.toLowerCase() === 'https' ? /:(?:443)?$/ : /:(?:80)?$/
  return authority.toLowerCase().replace(defaultPort, '') !== host.toLowerCase().replace(defaultPort, '')
}

const SLASH = 47
