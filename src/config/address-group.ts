import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What everything counts by that is no address: a proxy's word such as `unknown`, or a caller's own text. */
const noAddress = 'no address'

/**
 * The address in a value of X-Forwarded-For, without what some proxies put around it: `[2001:db8::1]`, a port as in
 * `192.0.2.1:4711` and `[2001:db8::1]:4711`. A value that is not of these forms is returned as it is.
 */
export function bareAddress(value: string): string {
  const match = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(value)
  return match?.[1] ?? match?.[2] ?? value
}

/**
 * What an address is counted by: an IPv4 address itself, also where it is mapped to IPv6 (RFC 4291 §2.5.5.2); an IPv6
 * address's /64, since one subscriber has all addresses of it (RFC 6177 §2). What is no address counts together.
 *
 * @param value an address, or a value of X-Forwarded-For
 */
export function addressGroup(value: string): string {
  const bare = bareAddress(value)
  // ipaddr.js takes more, such as `0x7f.1`, and would have to look at a text of any length.
  if (isIP(bare) === 0) {
    return noAddress
  }
  const address = ipaddr.process(bare.replace(/%.*$/s, ''))
  if (address.kind() === 'ipv4') {
    return address.toString()
  }
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`
}
