import { type Command, Option } from 'commander'
import type { TSchema } from 'typebox'
import { SigningKeyNameSchema } from '../../token/profile.ts'
import { type SigningKeyType, signingKeyTypes } from '../../vault/transit-keys.ts'
import { operatorCommand, withChangeOptions } from '../command.ts'
import { usageError } from '../exit.ts'
import { readInput } from '../input-file.ts'
import { aboveZero, checked, cidrList, duration, mountPath, profileName, tokenTtl } from '../option-values.ts'
import { processTerminal, type Terminal } from '../terminal.ts'
import { defaultSecretIdTtl, type SetupSettings } from './settings.ts'

/** The options of `padlock setup`, as commander gives them. */
export interface SetupOptions {
  profile: string
  issuer?: string
  recipientKey?: string
  key?: string
  keyType?: SigningKeyType
  ttl?: number
  transitMount: string
  kvMount: string
  approle: boolean
  approleMount: string
  roleName: string
  tokenPeriod?: number
  tokenBoundCidrs?: string[]
  secretIdTtl?: number
  secretIdNeverExpires?: boolean
  secretIdBoundCidrs?: string[]
  roleIdOut?: string
  secretIdOut?: string
  wrapTtl?: number
  newSecretId?: boolean
  newSubjectKey?: boolean
  dryRun?: boolean
  yes?: boolean
  output: 'table' | 'json'
}

const option = (flags: string, description: string, parse?: (value: string) => unknown) => {
  const made = new Option(flags, description)
  return parse === undefined ? made : made.argParser(parse)
}

const help = {
  description: 'set Vault up for Padlock: engines, signing key, policies, login, first profile',
  text: `The token is an administrator's: it mounts engines and writes policies.

What exists already stays as it is; a second run changes nothing. Run it again for a second profile, or with
--new-secret-id before a secret_id runs out.`,
  examples: [
    'padlock setup --issuer https://shop.example --recipient-key iadvize.pub --dry-run',
    'padlock setup --issuer https://shop.example --recipient-key iadvize.pub \\',
    '  --role-id-out /run/padlock/role-id --secret-id-out /run/padlock/secret-id --secret-id-ttl 30d',
    'padlock setup --wrap-ttl 10m --secret-id-out wrapped --secret-id-bound-cidrs 10.1.0.0/16',
  ],
}

/** `padlock setup` with its options and its help, and without what it does. */
export function setupOptions(terminal: Terminal = processTerminal): Command {
  const made = operatorCommand('setup', help, terminal)
    .addOption(option('--profile <name>', 'profile to make', profileName).default('default'))
    .option('--issuer <iss>', '`iss` claim agreed with iAdvize (to make the profile)')
    .option('--recipient-key <file>', "iAdvize's public key (to make the profile); - reads standard input")
    .addOption(
      option(
        '--key <name>',
        'transit key, "padlock-…" (default: padlock-<profile>)',
        checked(
          SigningKeyNameSchema,
          'The name must be "padlock-" and lower-case letters, digits and hyphens.',
        ),
      ),
    )
    .addOption(option('--key-type <type>', 'kind of a new key (default: rsa-2048)').choices(signingKeyTypes))
    .addOption(option('--ttl <seconds>', 'life of a token (default: 60)', tokenTtl))
    .option('--no-approle', 'the service logs in otherwise: make no AppRole')
    .addOption(option('--approle-mount <path>', 'AppRole method', mountPath).default('approle'))
    .addOption(
      option(
        '--role-name <name>',
        'AppRole role of the service',
        checked(
          { type: 'string', pattern: '^[A-Za-z0-9_-]{1,128}$' } as TSchema,
          'Letters, digits, "_", "-".',
        ),
      ).default('padlock'),
    )
    .addOption(
      option('--token-period <time>', "renewal period of the service's token (default: 1h)", aboveZero),
    )
    .addOption(option('--token-bound-cidrs <list>', 'addresses that may use the token', cidrList))
    .addOption(option('--secret-id-ttl <time>', 'life of a secret_id (default: 90d)', duration))
    .option('--secret-id-never-expires', 'a secret_id that works until it is destroyed')
    .addOption(option('--secret-id-bound-cidrs <list>', 'addresses that may log in with it', cidrList))
    .option('--role-id-out <file>', 'write the role_id here')
    .option('--secret-id-out <file>', 'write the secret_id here, or its wrapping token (mode 0600)')
    .addOption(
      option('--wrap-ttl <time>', 'wrap the secret_id: it can be opened once, within this time', aboveZero),
    )
    .option('--new-secret-id', 'make a secret_id even if there is one that works')
    .option('--new-subject-key', "make a new key for the visitors' pseudonyms in the issuance log")
  return withChangeOptions(made)
}

function secretIdTtl({
  secretIdTtl: seconds,
  secretIdNeverExpires: never,
}: SetupOptions): number | undefined {
  if (never && seconds) throw usageError('Give --secret-id-ttl or --secret-id-never-expires, not both.')
  if (seconds === 0 && !never) {
    throw usageError(
      'A secret_id with --secret-id-ttl 0 works for ever, whoever finds it. If that is meant, give ' +
        `--secret-id-never-expires; the default is ${defaultSecretIdTtl / 86_400}d.`,
    )
  }
  return never ? 0 : seconds
}

/**
 * The settings that the options ask for.
 *
 * @throws CommandError with exit code 2
 */
export async function setupSettings(options: SetupOptions, terminal: Terminal): Promise<SetupSettings> {
  const ttl = secretIdTtl(options)
  if (!options.approle && (options.roleIdOut ?? options.secretIdOut ?? options.wrapTtl) !== undefined) {
    throw usageError('--no-approle makes no role_id and no secret_id to write.')
  }
  return {
    profile: options.profile,
    issuer: options.issuer,
    recipientKey:
      options.recipientKey === undefined
        ? undefined
        : await readInput(terminal, options.recipientKey, '--recipient-key'),
    signingKey: options.key,
    keyType: options.keyType,
    tokenTtlSeconds: options.ttl,
    transitMount: options.transitMount,
    kvMount: options.kvMount,
    newSubjectKey: options.newSubjectKey,
    appRole: options.approle
      ? {
          mount: options.approleMount,
          role: options.roleName,
          tokenPeriodSeconds: options.tokenPeriod,
          secretIdTtlSeconds: ttl,
          secretIdBoundCidrs: options.secretIdBoundCidrs,
          tokenBoundCidrs: options.tokenBoundCidrs,
          roleIdFile: options.roleIdOut,
          secretIdFile: options.secretIdOut,
          wrapTtlSeconds: options.wrapTtl,
          newSecretId: options.newSecretId,
        }
      : undefined,
  }
}
