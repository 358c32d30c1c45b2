import proxyAddr from 'proxy-addr'
import type { GateRequest } from '../request.js'
import type { Client } from '../registry.js'

/** Tells whether an address lies in one of the networks; of what is no address: no. */
type Networks = (address: string) => boolean

const NOWHERE: Networks = () => false

/** Somebody whose client may have to come from certain networks. */
export interface Placed {
  readonly client: Client
  /** Where they came from, once that was looked at and allowed. */
  address: string | undefined
}

/** Whether clients come from where they may (clause 2(c)). */
export interface NetworkCheck {
  /** `from` is the request, or, where it is gone, the identity that was known of it before. */
  allows(who: Placed, from: GateRequest | Placed): boolean
  /** Whether somebody is remembered to have come from another address than this request does. */
  isElsewhere(who: Placed, request: GateRequest): boolean
}

/**
 * Looks at where a client comes from, where its registration says where it may. The address is remembered with the identity, since a
 * connection lasts longer than its request; of one that was admitted while every network was allowed it is not known any more, and
 * what is not known is not allowed.
 */
export function createNetworkCheck(addressOf: (request: GateRequest) => string | undefined): NetworkCheck {
  const parsed = new WeakMap<readonly string[], Networks>()
  // Requests of one client come in rows.
  let last: { readonly list: readonly string[]; readonly networks: Networks } | undefined
  const networksIn = (list: readonly string[]): Networks => {
    if (last?.list === list) return last.networks
    let networks = parsed.get(list)
    if (!networks) parsed.set(list, (networks = parse(list)))
    last = { list, networks }
    return networks
  }

  return {
    allows(who, from) {
      const { networks } = who.client
      if (networks == null) return true
      const address = 'target' in from ? addressOf(from) : from.address
      if (address === undefined || !networksIn(networks)(address)) return false
      // What is refused does not speak for what is open.
      who.address = address
      return true
    },
    isElsewhere: (who, request) => who.address !== undefined && who.address !== addressOf(request),
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
