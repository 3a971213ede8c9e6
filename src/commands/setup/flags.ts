import { type Command, Option } from '@commander-js/extra-typings'
import { usageError } from '../../cli/exit.ts'
import { kvMountOption, mountPath, policyPrefixOption, transitMountOption } from '../../cli/options.ts'
import {
  aboveZero,
  cidrList,
  duration,
  matching,
  profileName,
  signingKeyName,
  tokenTtl,
} from '../../cli/values/parsers.ts'
import type { Changer } from '../../cli/verb.ts'
import { signingKeyTypes } from '../../vault/keys/transit-keys.ts'
import { refuseInvalid } from '../profile/fields.ts'
import { readRecipientKey } from '../profile-change/recipient-key-file.ts'
import { defaultSecretIdTtl, type SetupSettings } from './settings.ts'

/** What `--policies-only` makes no use of. */
const withoutPolicies = [
  ...['profile', 'issuer', 'recipientKey', 'key', 'keyType', 'ttl', 'newSubjectKey'],
  ...['approle', 'approleMount', 'roleName', 'tokenPeriod', 'tokenBoundCidrs', 'roleIdOut'],
  ...['secretIdTtl', 'secretIdNeverExpires', 'secretIdBoundCidrs', 'secretIdOut', 'wrapTtl', 'newSecretId'],
]

const roleName = matching('^[A-Za-z0-9_-]{1,128}$', 'Letters, digits, "_", "-".')

/** The options of `padlock setup`. */
export const setupFlags = (command: Command) =>
  command
    .addOption(
      new Option('--profile <name>', 'profile to make').argParser(profileName).default<string>('default'),
    )
    .option('--issuer <iss>', '`iss` claim agreed with iAdvize (to make the profile)')
    .option('--recipient-key <file>', "iAdvize's public key (to make the profile); - reads standard input")
    .option('--key <name>', 'transit key, "padlock-…" (default: padlock-<profile>)', signingKeyName)
    .addOption(
      new Option('--key-type <type>', 'kind of a new key (default: rsa-2048)').choices(signingKeyTypes),
    )
    .option('--ttl <seconds>', 'life of a token (default: 60)', tokenTtl)
    .addOption(
      new Option(
        '--policies-only',
        'only bring the policies up to date, after a profile was made or deleted',
      ).conflicts(withoutPolicies),
    )
    .option('--no-approle', 'the service logs in otherwise: make no AppRole')
    .addOption(
      new Option('--approle-mount <path>', 'AppRole method').argParser(mountPath).default<string>('approle'),
    )
    .addOption(
      new Option('--role-name <name>', 'AppRole role of the service')
        .argParser(roleName)
        .default<string>('padlock'),
    )
    .option('--token-period <time>', "renewal period of the service's token (default: 1h)", aboveZero)
    .option('--token-bound-cidrs <list>', 'addresses that may use the token', cidrList)
    .option('--secret-id-ttl <time>', 'life of a secret_id (default: 90d)', duration)
    .option('--secret-id-never-expires', 'a secret_id that works until it is destroyed')
    .option('--secret-id-bound-cidrs <list>', 'addresses that may log in with it', cidrList)
    .option('--role-id-out <file>', 'write the role_id here')
    .option('--secret-id-out <file>', 'write the secret_id here, or its wrapping token (mode 0600)')
    .option('--wrap-ttl <time>', 'wrap the secret_id: it can be opened once, within this time', aboveZero)
    .option('--new-secret-id', 'make a secret_id even if there is one that works')
    .option('--new-subject-key', "make a new key for the visitors' pseudonyms in the issuance log")
    .addOption(kvMountOption())
    .addOption(transitMountOption())
    .addOption(policyPrefixOption())

export type SetupFlags = ReturnType<ReturnType<typeof setupFlags>['opts']>

function secretIdTtl({ secretIdTtl: seconds, secretIdNeverExpires: never }: SetupFlags): number | undefined {
  if (never && seconds) {
    throw usageError('Give --secret-id-ttl or --secret-id-never-expires, not both.')
  }
  if (seconds === 0 && !never) {
    throw usageError(
      'A secret_id with --secret-id-ttl 0 never expires: anyone who finds it can use it. If that is meant, give ' +
        `--secret-id-never-expires; the default is ${defaultSecretIdTtl / 86_400}d.`,
    )
  }
  return never ? 0 : seconds
}

function appRoleSettings(flags: SetupFlags): SetupSettings['appRole'] {
  const { roleIdOut, secretIdOut, wrapTtl, newSecretId } = flags
  const secretIdTtlSeconds = secretIdTtl(flags)
  if (!flags.approle && (roleIdOut ?? secretIdOut ?? wrapTtl ?? newSecretId) !== undefined) {
    throw usageError('--no-approle makes no role_id and no secret_id to write.')
  }
  if (newSecretId && secretIdOut === undefined && wrapTtl === undefined) {
    throw usageError('--new-secret-id needs a place for it: --secret-id-out or --wrap-ttl.')
  }
  if (!flags.approle || flags.policiesOnly) {
    return undefined
  }
  return {
    mount: flags.approleMount,
    role: flags.roleName,
    tokenPeriodSeconds: flags.tokenPeriod,
    secretIdTtlSeconds,
    secretIdBoundCidrs: flags.secretIdBoundCidrs,
    tokenBoundCidrs: flags.tokenBoundCidrs,
    roleIdFile: roleIdOut,
    secretIdFile: secretIdOut,
    wrapTtlSeconds: wrapTtl,
    newSecretId,
  }
}

/**
 * The settings that the options ask for; Vault is not asked.
 *
 * @throws CommandError with exit code 2, and 1 for a recipient's key that is refused
 */
export async function setupSettings(changer: Changer, flags: SetupFlags): Promise<SetupSettings> {
  const { profile, issuer, recipientKey, ttl } = flags
  const appRole = appRoleSettings(flags)
  refuseInvalid(profile, { issuer: issuer ?? 'any', tokenTtlSeconds: ttl ?? 60 })
  return {
    profile,
    issuer,
    recipientKey:
      recipientKey === undefined
        ? undefined
        : await readRecipientKey(changer, recipientKey, '--recipient-key'),
    signingKey: flags.key,
    keyType: flags.keyType,
    tokenTtlSeconds: ttl,
    transitMount: flags.transitMount,
    kvMount: flags.kvMount,
    policyPrefix: flags.policyPrefix,
    policiesOnly: flags.policiesOnly,
    newSubjectKey: flags.newSubjectKey,
    appRole,
  }
}
