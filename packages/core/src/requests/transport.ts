import proxyAddr from 'proxy-addr'
import { createTrust } from '../caller-address.js'
import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

const insecure = Object.freeze<Ground>({
  reason: 'insecure-transport',
  detail: 'Use https. A key that was sent over plain http is to be replaced.',
})

/** What is wrong with an address among the options, and the remedy. */
export function proxyProblem(address: string): string | undefined {
  try {
    proxyAddr.compile(address)
    return undefined
  } catch {
    return "must be an IP address, a range such as '10.0.0.0/8', or 'loopback', 'linklocal' or 'uniquelocal'"
  }
}

/** Refuses what came over plain HTTP, as `insecure-transport`. */
export function createTransportCheck(
  https = false,
  trustedProxies: readonly string[] = [],
): (request: GateRequest) => Ground | undefined {
  if (!https) return () => undefined
  const isTrusted = createTrust(trustedProxies)
  return (request) => {
    const forwarded = request.headers['x-forwarded-proto']
    // What the proxy says of the caller's side goes before what the proxy's own connection is.
    const secure =
      forwarded !== undefined && isTrusted(request.remoteAddress) ? isHttps(forwarded) : request.secure
    return secure ? undefined : insecure
  }
}

/** Each proxy adds its word at the end: the last one is of the proxy that is trusted, those before it of anybody. */
function isHttps(forwarded: string | readonly string[]): boolean {
  if (forwarded === 'https') return true
  const words = String(forwarded)
  return (
    words
      .slice(words.lastIndexOf(',') + 1)
      .trim()
      .toLowerCase() === 'https'
  )
}
