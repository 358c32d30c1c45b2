import proxyAddr from 'proxy-addr'
import type { GateRequest } from '../request.js'
import type { Identity } from './verify.js'

/** Tells whether an address lies in one of the networks; of what is no address: no. */
type Networks = (address: string) => boolean

const NOWHERE: Networks = () => false

/** Whether clients come from where they may (clause 2(c)). */
export interface NetworkCheck {
  /** `from` is the request, or, where it is gone, the identity that was known of it before. */
  allows(who: Identity, from: GateRequest | Identity): boolean
}

/**
 * Looks at where a client comes from, where its registration says where it may. The address is remembered with the identity, since a
 * connection lasts longer than its request; of one that was admitted while every network was allowed it is not known any more, and
 * what is not known is not allowed.
 */
export function createNetworkCheck(addressOf: (request: GateRequest) => string | undefined): NetworkCheck {
  const parsed = new WeakMap<readonly string[], Networks>()
  const addresses = new WeakMap<Identity, string>()
  const networksIn = (list: readonly string[]): Networks => {
    let networks = parsed.get(list)
    if (!networks) parsed.set(list, (networks = parse(list)))
    return networks
  }

  return {
    allows(who, from) {
      const { networks } = who.client
      if (networks == null) return true
      const address = 'target' in from ? addressOf(from) : addresses.get(from)
      if (address === undefined || !networksIn(networks)(address)) return false
      // One identity stands for all that comes through a socket: what is refused does not speak for what is open.
      if (addresses.get(who) !== address) addresses.set(who, address)
      return true
    },
  }
}

/** What cannot be read allows nothing: one mistyped block must not open the others to everybody. */
function parse(list: readonly string[]): Networks {
  try {
    const isIn = proxyAddr.compile([...list])
    // A client mostly calls from where it called before, and to read an address costs more than all the rest.
    let last: string | undefined
    let wasIn = false
    return (address) => {
      if (address !== last) {
        wasIn = isIn(address, 0)
        last = address
      }
      return wasIn
    }
  } catch {
    return NOWHERE
  }
}
