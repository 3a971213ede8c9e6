import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { defaultMounts, defaultPolicyPrefix, mountPattern } from '../config/mounts.ts'

/** A parser of an option's value, for commander: path of an engine or auth method. */
export function mountPath(value: string): string {
  if (!new RegExp(mountPattern).test(value)) {
    throw new InvalidArgumentError('A mount is names joined by slashes, without a slash at either end.')
  }
  return value
}

/** `--kv-mount`, from PADLOCK_KV_MOUNT where it is not given. */
export const kvMountOption = () =>
  new Option('--kv-mount <path>', 'KV store, version 2')
    .argParser(mountPath)
    .env('PADLOCK_KV_MOUNT')
    .default<string>(defaultMounts.kv)

/** `--transit-mount`, from PADLOCK_TRANSIT_MOUNT where it is not given. */
export const transitMountOption = () =>
  new Option('--transit-mount <path>', 'transit engine')
    .argParser(mountPath)
    .env('PADLOCK_TRANSIT_MOUNT')
    .default<string>(defaultMounts.transit)

/** A parser of an option's value, for commander: what the names of policies begin with. */
function policyPrefix(value: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError('Lower-case letters, digits and hyphens, at most 64.')
  }
  return value
}

/** `--policy-prefix`. */
export const policyPrefixOption = () =>
  new Option('--policy-prefix <name>', 'the policies are <name>-signer, -operator and -auditor')
    .argParser(policyPrefix)
    .default<string>(defaultPolicyPrefix)

/** `--output table|json`. */
export const outputOption = () =>
  new Option('-o, --output <format>', 'table for people, json for programs')
    .choices(['table', 'json'])
    .default('table')

/** The flags of every command that changes something. */
export const dryRunOption = () => new Option('--dry-run', 'say what would be changed, and change nothing')
export const yesOption = () => new Option('--yes', 'do not ask; without a terminal it is needed')
