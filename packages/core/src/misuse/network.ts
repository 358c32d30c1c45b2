/**
 * The network that an address belongs to, as a number: of IPv4 its first three octets, of IPv6 its first three groups, which are given
 * to one site (RFC 6177 §2). `undefined` for what is no address.
 */
export function networkOf(address: string): number | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  if (IPV4.test(mapped)) {
    const [first = 0, second = 0, third = 0] = mapped.split('.').map(Number)
    return first * 65_536 + second * 256 + third
  }
  if (!IPV6.test(mapped)) return undefined
  const [before = ''] = mapped.split('::')
  const [first = 0, second = 0, third = 0] = before
    .split(':')
    .map((group) => Number.parseInt(group || '0', 16))
  // Beyond all of IPv4.
  return 2 ** 49 + first * 2 ** 32 + second * 65_536 + third
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const IPV6 = /^(?=.*:)[\da-f:.]{2,45}(?:%.*)?$/i
