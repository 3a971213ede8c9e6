import { BlockList, isIP } from 'node:net'
import { InvalidArgumentError } from 'commander'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigSchema } from '../config.ts'
import { ProfileNameSchema, ProfileSettingsSchema } from '../token/profile.ts'
import { parseDuration } from './duration.ts'

/** A parser of an option's value, for commander: what the schema accepts, else the rule. */
export const checked = (schema: TSchema, rule: string) => (value: string) => {
  if (!Value.Check(schema, value)) throw new InvalidArgumentError(rule)
  return value
}

/** Path of an engine or auth method. */
export const mountPath = checked(
  ConfigSchema.properties.PADLOCK_TRANSIT_MOUNT,
  'A mount is names joined by slashes, without a slash at either end.',
)
export const profileName = checked(
  ProfileNameSchema,
  'A name is lower-case letters, digits and hyphens, at most 64.',
)

/** Number of a version, of a key or of a profile. */
export function versionNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('A version is a whole number from 1.')
  return Number(value)
}

/** Seconds. */
export function duration(value: string): number {
  const seconds = parseDuration(value)
  if (seconds === undefined) throw new InvalidArgumentError('Give a time such as 90d, 12h, 30m or 45s.')
  return seconds
}

/** Seconds, one at the least. */
export function aboveZero(value: string): number {
  const seconds = duration(value)
  if (seconds === 0) throw new InvalidArgumentError('It must be longer than 0.')
  return seconds
}

/** Seconds that a token may live. */
export function tokenTtl(value: string): number {
  const seconds = duration(value)
  if (!Value.Check(ProfileSettingsSchema.properties.tokenTtlSeconds, seconds)) {
    throw new InvalidArgumentError('A token lives 1 to 86400 seconds.')
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
      if (rest.length > 0 || isIP(address) === 0 || !/^\d{0,3}$/.test(prefix ?? '')) throw new RangeError()
      if (prefix !== undefined) new BlockList().addSubnet(address, Number(prefix || 'x'), family)
    } catch {
      throw new InvalidArgumentError('Give addresses such as 10.0.0.0/8,192.0.2.7 (empty for no bounds).')
    }
  }
  return entries
}
