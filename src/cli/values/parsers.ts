import { BlockList, isIP } from 'node:net'
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { longestTokenTtlSeconds, profileNamePattern, signingKeyNamePattern } from '../../token/names.ts'
import { parseDuration } from './duration.ts'

/** A parser of an option's value, for commander: what the pattern accepts, else the rule. */
export const matching = (pattern: string, rule: string) => (value: string) => {
  if (!new RegExp(pattern).test(value)) {
    throw new InvalidArgumentError(rule)
  }
  return value
}

export const profileName = matching(
  profileNamePattern,
  'A name is lower-case letters, digits and hyphens, at most 64.',
)
export const signingKeyName = matching(
  signingKeyNamePattern,
  'The name must be "padlock-" and lower-case letters, digits and hyphens.',
)

/** Number of a version, of a key or of a profile. */
export function versionNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    throw new InvalidArgumentError('A version is a whole number from 1.')
  }
  return Number(value)
}

/** Seconds. */
export function duration(value: string): number {
  const seconds = parseDuration(value)
  if (seconds === undefined) {
    throw new InvalidArgumentError('Give a time such as 90d, 12h, 30m or 45s, at most 36500d.')
  }
  return seconds
}

/** Seconds, one at the least. */
export function aboveZero(value: string): number {
  const seconds = duration(value)
  if (seconds === 0) {
    throw new InvalidArgumentError('It must be longer than 0.')
  }
  return seconds
}

/** Seconds that a token may live. */
export function tokenTtl(value: string): number {
  const seconds = duration(value)
  if (seconds < 1 || seconds > longestTokenTtlSeconds) {
    throw new InvalidArgumentError(`A token lives 1 to ${longestTokenTtlSeconds} seconds.`)
  }
  return seconds
}

/** Addresses and networks, separated by commas. */
export function cidrList(value: string): string[] {
  const entries = value === '' ? [] : value.split(',').map((entry) => entry.trim())
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    try {
      if (rest.length > 0 || isIP(address) === 0 || !/^\d{0,3}$/.test(prefix ?? '')) {
        throw new RangeError()
      }
      if (prefix !== undefined) {
        new BlockList().addSubnet(address, Number(prefix || 'x'), family)
      }
    } catch {
      throw new InvalidArgumentError('Give addresses such as 10.0.0.0/8,192.0.2.7 (empty for no bounds).')
    }
  }
  return entries
}
