import { Command, InvalidArgumentError, Option } from 'commander'
import { ConfigSchema } from '../config.ts'
import { clientWithToken } from '../vault/client-with-token.ts'
import { exitCodes, runCommand } from './exit.ts'
import { activateKey } from './key/activate.ts'
import type { KeyContext } from './key/context.ts'
import { exportKey } from './key/export.ts'
import { listKeys } from './key/list.ts'
import { retireKey } from './key/retire.ts'
import { rollbackKey } from './key/rollback.ts'
import { stageKey } from './key/stage.ts'
import { operatorClient } from './operator-client.ts'
import { duration, mountPath, profileName } from './option-values.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs a command's work on a terminal, and sees to how it ends. */
export type RunWork = (work: (terminal: Terminal) => Promise<void>) => Promise<void>

const onProcess: RunWork = (work) => runCommand(processTerminal, () => work(processTerminal))

interface CommonOptions {
  transitMount: string
  kvMount: string
  output: 'table' | 'json'
}

function version(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('A version is a whole number from 1.')
  return Number(value)
}

const collect = (value: string, list: readonly string[]) => [...list, value]

function withMounts(command: Command): Command {
  const mount = (flags: string, description: string, name: 'PADLOCK_TRANSIT_MOUNT' | 'PADLOCK_KV_MOUNT') => {
    const { default: standard } = ConfigSchema.properties[name] as { default?: unknown }
    return new Option(flags, description).argParser(mountPath).env(name).default(String(standard))
  }
  return command
    .addOption(mount('--transit-mount <path>', 'transit engine', 'PADLOCK_TRANSIT_MOUNT'))
    .addOption(mount('--kv-mount <path>', 'KV store, version 2', 'PADLOCK_KV_MOUNT'))
    .addOption(new Option('--output <format>', 'table or json').choices(['table', 'json']).default('table'))
}

const asking = (command: Command) => command.option('--yes', 'do not ask, at a terminal either')

const following = (command: Command) =>
  command
    .option(
      '--instance <url>',
      'a running Padlock to look at; may be given again (default: PADLOCK_INSTANCES or PADLOCK_URL)',
      collect,
      [],
    )
    .addOption(
      new Option(
        '--wait <time>',
        'wait so long for each instance (default: twice its refresh interval, and 10s)',
      ).argParser(duration),
    )

const help = `
A rotation, from start to end (docs/rotation.md tells who does what, and when):
  padlock key stage shop                 make version 2; nothing signs with it
  padlock key export shop 2 --out v2.pem the public key for iAdvize, and a mail to send with it
  padlock key activate shop 2 --acknowledged sha256:…  once iAdvize has answered with the fingerprint
  padlock key rollback shop              back to version 1, if anything is wrong
  padlock key retire shop 1              when the last token of version 1 has expired

Vault's address and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token); the policy padlock-operator is
enough. Each command can be run again after it broke off.

Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 Vault does not answer.`

/** `padlock key …`: signing keys that change without a visitor noticing. */
export function keyCommand(run: RunWork = onProcess): Command {
  const work = (options: CommonOptions, action: (context: KeyContext) => Promise<void>) =>
    run(async (terminal) => {
      const operator = await operatorClient(terminal.env)
      const client = clientWithToken(operator.client, operator.token)
      const { transitMount, kvMount, output } = options
      try {
        await action({ terminal, client, transitMount, kvMount, output })
      } finally {
        await client.close()
      }
    })
  const key = new Command('key')
    .description("a profile's signing key: its versions, and the way from one to the next")
    .addHelpText('after', help)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
    .showHelpAfterError('(padlock key --help tells more)')
  const sub = (name: string, description: string) =>
    withMounts(key.command(name).description(description)).argument('<profile>', 'name', profileName)

  sub('list', 'the versions: state, fingerprint, who moved them and when').action((profile, options) =>
    work(options, (context) => listKeys(context, profile)),
  )
  asking(sub('stage', 'make the next version, or adopt the one that is there; nothing signs with it'))
    .argument('[version]', 'the version that there shall be', version)
    .action((profile, wanted, options) =>
      work(options, (context) => stageKey(context, profile, { version: wanted, yes: options.yes })),
    )
  sub('export', 'the public key, its fingerprint, and a mail to the iAdvize contact')
    .argument('[version]', 'by default the newest', version)
    .option('--out <file>', 'write the PEM here')
    .action((profile, wanted, options) =>
      work(options, (context) => exportKey(context, profile, { version: wanted, out: options.out })),
    )
  asking(following(sub('activate', 'sign with a version that iAdvize has acknowledged by its fingerprint')))
    .argument('<version>', 'version', version)
    .option(
      '--acknowledged <fingerprint>',
      'the fingerprint that iAdvize answered, "sha256:…" (asked for without it)',
    )
    .action((profile, wanted, options) =>
      work(options, (context) => activateKey(context, profile, { ...options, version: wanted })),
    )
  asking(following(sub('rollback', 'go back to the version before, without waiting for anybody')))
    .argument('[version]', 'an older one that was in use', version)
    .action((profile, wanted, options) =>
      work(options, (context) => rollbackKey(context, profile, { ...options, version: wanted })),
    )
  asking(sub('retire', 'let a version and all older ones sign no more, once nothing needs them'))
    .argument('<version>', 'version', version)
    .option('--instance <url>', 'a running Padlock to look at first; may be given again', collect, [])
    .action((profile, wanted, options) =>
      work(options, (context) => retireKey(context, profile, { ...options, version: wanted })),
    )
  return key
}
