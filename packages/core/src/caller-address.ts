import { LRUCache } from 'lru-cache'
import proxyAddr from 'proxy-addr'
import type { GateRequest } from './request.js'

/** Whether an address is that of a proxy whose word is taken. */
export type Trust = (address: string | undefined) => boolean

/** How many addresses are remembered as trusted or not. */
const REMEMBERED = 1000
/** RFC 4291 §2.2: the longest address, with room for a zone, brackets and a port. */
const LONGEST_ADDRESS = 80

/** @param trustedProxies have been checked: what the library cannot read, it throws at */
export function createTrust(trustedProxies: readonly string[]): Trust {
  if (trustedProxies.length === 0) return () => false
  const trust = proxyAddr.compile([...trustedProxies])
  const verdicts = new LRUCache<string, boolean>({ max: REMEMBERED })
  return (address) => {
    if (address === undefined) return false
    let verdict = verdicts.get(address)
    if (verdict === undefined) verdicts.set(address, (verdict = trust(address, 0)))
    return verdict
  }
}

/**
 * Where a request comes from: the peer of the socket or, where that is a trusted proxy, the address that it names, and so on until one is
 * not trusted. Read from the end: each proxy adds its word there, and those before it are of anybody. `Forwarded` (RFC 7239) is not read:
 * a proxy that sets one of the two fields passes the other on as a caller wrote it. What is no address stays none.
 */
export function createAddressReader(isTrusted: Trust): (request: GateRequest) => string | undefined {
  return (request) => {
    let address = request.remoteAddress
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined || !isTrusted(address)) return address
    const steps = String(forwarded).split(',')
    for (let at = steps.length - 1; at >= 0 && isTrusted(address); at--) address = bare(steps[at] as string)
    return address
  }
}

/** Some proxies add the port: `192.0.2.7:4711`, `[2001:db8::7]:4711`. */
function bare(step: string): string | undefined {
  const text = step.trim()
  if (text.length > LONGEST_ADDRESS) return undefined
  const [, inBrackets, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/.exec(text) ?? []
  return inBrackets ?? withPort ?? text
}
