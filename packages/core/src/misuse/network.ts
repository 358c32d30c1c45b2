/**
 * The network that an address belongs to, as a number: of IPv4 its first three octets, of IPv6 its first three groups, which are given
 * to one site (RFC 6177 §2). `undefined` for what is no address.
 */
export function networkOf(address: string): number | undefined {
  const octets = octetsOf(address)
  if (octets) return blockOf(octets)
  const groups = groupsOf(address)
  if (!groups) return undefined
  const [first = 0, second = 0, third = 0, , , , seventh = 0, eighth = 0] = groups
  // An IPv4 address as a socket of IPv6 sees it (RFC 4291 §2.5.5.2).
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535')
    return blockOf([seventh >> 8, seventh & 255, eighth >> 8])
  // Beyond all of IPv4.
  return 2 ** 49 + first * 2 ** 32 + second * 65_536 + third
}

function blockOf([first = 0, second = 0, third = 0]: readonly number[]): number {
  return first * 65_536 + second * 256 + third
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

function octetsOf(text: string): number[] | undefined {
  const octets = IPV4.test(text) ? text.split('.').map(Number) : undefined
  return octets?.every((octet) => octet <= 255) ? octets : undefined
}

/** All eight, those that `::` stands for included (RFC 4291 §2.2). */
function groupsOf(address: string): number[] | undefined {
  const parts = withoutTail(address.replace(/%.*/, '')).split('::')
  const [before = [], after = []] = parts.map((part) => (part === '' ? [] : part.split(':')))
  const left = 8 - before.length - after.length
  if (parts.length > 2 || (parts.length === 2 ? left < 1 : left !== 0)) return undefined
  const groups = [...before, ...Array.from({ length: left }, () => '0'), ...after]
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}

/** The last two groups may be written as an IPv4 address is. */
function withoutTail(address: string): string {
  const at = address.lastIndexOf(':') + 1
  const octets = octetsOf(address.slice(at))
  if (!octets) return address
  const [first = 0, second = 0, third = 0, fourth = 0] = octets
  const tail = [first * 256 + second, third * 256 + fourth].map((group) => group.toString(16))
  return address.slice(0, at) + tail.join(':')
}
