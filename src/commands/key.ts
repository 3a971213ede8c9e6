import { type Command, Option } from 'commander'
import { clientWithToken } from '../vault/client-with-token.ts'
import { command, operatorCommand } from './command.ts'
import { runCommand } from './exit.ts'
import { activateKey } from './key/activate.ts'
import type { KeyContext } from './key/context.ts'
import { exportKey } from './key/export.ts'
import { listKeys } from './key/list.ts'
import { retireKey } from './key/retire.ts'
import { rollbackKey } from './key/rollback.ts'
import { stageKey } from './key/stage.ts'
import { operatorClient } from './operator-client.ts'
import { duration, profileName, versionNumber as version } from './option-values.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs a command's work on a terminal, and sees to how it ends. */
export type RunWork = (work: (terminal: Terminal) => Promise<void>) => Promise<void>

const onProcess: RunWork = (work) => runCommand(processTerminal, () => work(processTerminal))

interface CommonOptions {
  transitMount: string
  kvMount: string
  output: 'table' | 'json'
}

const collect = (value: string, list: readonly string[]) => [...list, value]

const asking = (made: Command) => made.option('--yes', 'do not ask, at a terminal either')

const following = (made: Command) =>
  made
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

const help = {
  description: "a profile's signing key: its versions, and the way from one to the next",
  text: `A rotation takes days, between people: each step stands alone and can be run again after it broke off. The policy
padlock-operator is enough.`,
  examples: [
    'padlock key stage shop                  make version 2; nothing signs with it',
    'padlock key export shop 2 --out v2.pem  the public key for iAdvize, and a mail to send with it',
    'padlock key activate shop 2 --acknowledged sha256:…  once iAdvize has answered with the fingerprint',
    'padlock key rollback shop               back to version 1, if anything is wrong',
    'padlock key retire shop 1               when the last token of version 1 has expired',
  ],
}

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
  const key = command('key', help)
  const sub = (name: string, description: string, example: string) => {
    const made = operatorCommand(name, { description, examples: [`padlock key ${name} ${example}`] })
    key.addCommand(made)
    return made.argument('<profile>', 'its name', profileName)
  }

  sub('list', 'the versions: state, fingerprint, who moved them and when', 'shop').action(
    (profile, options) => work(options, (context) => listKeys(context, profile)),
  )
  asking(sub('stage', 'make the next version, or adopt the one that is there; nothing signs with it', 'shop'))
    .argument('[version]', 'the version that there shall be', version)
    .action((profile, wanted, options) =>
      work(options, (context) => stageKey(context, profile, { version: wanted, yes: options.yes })),
    )
  sub('export', 'the public key, its fingerprint, and a mail to the iAdvize contact', 'shop 2 --out v2.pem')
    .argument('[version]', 'by default the newest', version)
    .option('--out <file>', 'write the PEM here')
    .action((profile, wanted, options) =>
      work(options, (context) => exportKey(context, profile, { version: wanted, out: options.out })),
    )
  asking(
    following(
      sub(
        'activate',
        'sign with a version that iAdvize has acknowledged by its fingerprint',
        'shop 2 --acknowledged sha256:…',
      ),
    ),
  )
    .argument('<version>', 'version', version)
    .option(
      '--acknowledged <fingerprint>',
      'the fingerprint that iAdvize answered, "sha256:…" (asked for without it)',
    )
    .action((profile, wanted, options) =>
      work(options, (context) => activateKey(context, profile, { ...options, version: wanted })),
    )
  asking(following(sub('rollback', 'go back to the version before, without waiting for anybody', 'shop')))
    .argument('[version]', 'an older one that was in use', version)
    .action((profile, wanted, options) =>
      work(options, (context) => rollbackKey(context, profile, { ...options, version: wanted })),
    )
  asking(sub('retire', 'let a version and all older ones sign no more, once nothing needs them', 'shop 1'))
    .argument('<version>', 'version', version)
    .option('--instance <url>', 'a running Padlock to look at first; may be given again', collect, [])
    .action((profile, wanted, options) =>
      work(options, (context) => retireKey(context, profile, { ...options, version: wanted })),
    )
  return key
}
