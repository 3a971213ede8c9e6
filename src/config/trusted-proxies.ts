import { isIP } from 'node:net'
import proxyAddr from '@fastify/proxy-addr'
import { bareAddress } from './address-group.ts'

const listOf = (text: string): string[] => text.split(',').map((entry) => entry.trim())

function isAddressOrCidr(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/')
  return isIP(address) > 0 && more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits))
}

/**
 * Which peers are proxies whose X-Forwarded-For is believed. Entries of that header may have brackets and a port.
 *
 * @param text addresses and CIDRs with commas between them
 * @throws TypeError for a text that `trustedProxiesFault` has a fault of
 */
export function trustedProxies(text: string): (address: string, hop: number) => boolean {
  const isTrusted = proxyAddr.compile(listOf(text))
  return (address, hop) => isTrusted(bareAddress(address), hop)
}

/** What is wrong with a list of trusted proxies; undefined for one that can be used. */
export function trustedProxiesFault(text: string): string | undefined {
  const entries = listOf(text)
  if (entries.some((entry) => /\/0+$/.test(entry))) {
    return 'must not trust every address (a range of /0): each caller could then name any address as its own'
  }
  const fault = 'must be addresses or CIDRs with commas between them'
  if (!entries.every(isAddressOrCidr)) {
    return fault
  }
  try {
    trustedProxies(text)
    return undefined
  } catch {
    return fault
  }
}
