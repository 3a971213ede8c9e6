import { type Command, InvalidArgumentError, Option } from 'commander'
import { ConfigSchema } from '../../config.ts'
import { command } from '../command.ts'
import { parseDuration } from '../duration.ts'
import { runCommand } from '../exit.ts'
import { duration, mountPath, profileName } from '../option-values.ts'
import { processTerminal, type Terminal } from '../terminal.ts'
import { find } from './find.ts'
import { reconcile } from './reconcile.ts'
import { subject } from './subject.ts'

/** Runs a command's work on a terminal, and sees to how it ends. */
export type RunWork = (work: (terminal: Terminal) => Promise<void>) => Promise<void>

const onProcess: RunWork = (work) => runCommand(processTerminal, () => work(processTerminal))

/** Tokens whose hashes are looked at where nothing is said. */
const standardSample = 1_000
const standardGrace = 60

function mountOption(flags: string, description: string, name: 'PADLOCK_TRANSIT_MOUNT' | 'PADLOCK_KV_MOUNT') {
  const { default: standard } = ConfigSchema.properties[name] as { default?: unknown }
  return new Option(flags, description).argParser(mountPath).env(name).default(String(standard))
}
const transitMount = () => mountOption('--transit-mount <path>', 'transit engine', 'PADLOCK_TRANSIT_MOUNT')
const kvMount = () => mountOption('--kv-mount <path>', 'KV store, version 2', 'PADLOCK_KV_MOUNT')
const output = () =>
  new Option('--output <format>', 'table or json').choices(['table', 'json']).default('table')
const auditLog = () =>
  new Option('--log <file...>', "Vault's audit logs: JSON lines, .gz as they are, - for standard input")
const issuanceLog = () =>
  new Option('--issuance-log <file...>', "Padlock's issuance logs, or its standard output; .gz, - as above")
const device = () =>
  new Option('--device <name...>', 'audit devices that the logs are of (default: all that Vault has)')

/** A time: RFC 3339, or so long ago. */
function moment(value: string): number {
  const seconds = parseDuration(value)
  if (seconds !== undefined) return Date.now() - seconds * 1000
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(value)
  const ms = isTime ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      'Give a time such as 2026-01-31T12:00:00Z, or how long ago: 90d, 12h, 30m.',
    )
  }
  return ms
}

function sampleSize(value: string): number {
  if (value === 'all') return Number.POSITIVE_INFINITY
  if (value === 'none') return 0
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('Give all, none or a number of tokens.')
}

const vaultHelp =
  "Vault's address and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token), as for Vault's own command line; the\n" +
  'policy padlock-auditor is enough. Logs are read as a stream: their size does not matter.'

/** `padlock audit find`. */
export function findCommand(run: RunWork = onProcess): Command {
  return command('find', {
    description: "find the signature of one token in Vault's audit log",
    text: vaultHelp,
    examples: [
      'padlock audit find qY2Dm0cN8oTzM5xB4vKfJ7hWsLr1uEgPbXaCiQdRtVw --log /var/log/vault/audit.log*',
      'padlock audit find qY2Dm0cN8oTzM5xB4vKfJ7hWsLr1uEgPbXaCiQdRtVw --log audit.log --issuance-log issuance.log',
      'padlock audit find --token-file token --recipient-key recipient.pem --log audit.log',
    ],
  })
    .argument('[auditId]', 'of the token, as Padlock answered and logged it')
    .addOption(auditLog().makeOptionMandatory())
    .addOption(issuanceLog())
    .addOption(device())
    .option('--token-file <file>', 'the token itself, in place of its auditId; - reads standard input')
    .option('--recipient-key <file>', "PEM of the recipient's private key, which opens the token")
    .addOption(transitMount())
    .addOption(output())
    .action((auditId, options) => run((terminal) => find(auditId, options, terminal)))
}

/** `padlock audit reconcile`. */
export function reconcileCommand(run: RunWork = onProcess): Command {
  const text = `${vaultHelp}
Give the logs of the whole interval, of all nodes of Vault and all instances of Padlock. Each hash that is looked at is a
call to Vault, and two lines in its audit log; what is not looked at is compared by its call and number.`
  return command('reconcile', {
    description: "compare Vault's audit log with Padlock's issuance log",
    text,
    examples: [
      'padlock audit reconcile --since 25h --until 1h --log /var/log/vault/audit.log* --issuance-log /var/log/padlock/*.log',
      'padlock audit reconcile --since 2026-01-01 --log audit.log.gz --issuance-log issuance.log --verify-hashes all',
    ],
    exitCodes:
      'Exit codes: 0 every signature is accounted for, 1 findings, 2 wrong usage, 3 Vault cannot be reached.',
  })
    .addOption(
      new Option('--since <time>', 'from then, or so long ago').argParser(moment).makeOptionMandatory(),
    )
    .addOption(
      new Option('--until <time>', 'to then, or so long ago')
        .argParser(moment)
        .default(Date.now() - 120_000, '2m'),
    )
    .addOption(auditLog().makeOptionMandatory())
    .addOption(issuanceLog().makeOptionMandatory())
    .addOption(
      new Option('--verify-hashes <tokens>', 'tokens whose hashes are looked at: all, none or about how many')
        .argParser(sampleSize)
        .default(standardSample),
    )
    .addOption(
      new Option(
        '--grace <time>',
        'read so much before and after too, for calls at the edges and clocks that differ',
      )
        .argParser(duration)
        .default(standardGrace, '1m'),
    )
    .addOption(device())
    .addOption(transitMount())
    .addOption(kvMount())
    .addOption(new Option('--approle-mount <path>', 'AppRole method').argParser(mountPath).default('approle'))
    .addOption(output())
    .action((options) => run((terminal) => reconcile(options, terminal)))
}

/** `padlock audit subject`. */
export function subjectCommand(run: RunWork = onProcess): Command {
  return command('subject', {
    description: 'list the tokens that were issued for one visitor, whose userId is on standard input',
    text: vaultHelp,
    examples: [
      'padlock audit subject --issuance-log /var/log/padlock/issuance.log* < user-id',
      'padlock audit subject --issuance-log issuance.log --output json < user-id',
    ],
  })
    .addOption(issuanceLog().makeOptionMandatory())
    .addOption(new Option('--profile <name>', 'of this profile alone').argParser(profileName))
    .addOption(kvMount())
    .addOption(output())
    .action((options) => run((terminal) => subject(options, terminal)))
}
