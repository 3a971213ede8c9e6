import { type Command, Option } from 'commander'
import { command, operatorCommand } from './command.ts'
import { asOperator, type OperatorOptions } from './operator.ts'
import { profileName, versionNumber } from './option-values.ts'
import { listProfiles } from './profile/list.ts'
import { type ShowOptions, showProfile } from './profile/show.ts'
import { validateProfiles } from './profile/validate.ts'
import { createCommand, deleteCommand, rollbackCommand, updateCommand } from './profile/writing-commands.ts'
import { processTerminal, type Terminal } from './terminal.ts'

const readingCommands = (terminal: Terminal): Command[] => [
  operatorCommand(
    'list',
    {
      description: 'list the profiles',
      examples: ['padlock profile list', 'padlock profile list --output json'],
    },
    terminal,
  )
    .option('--deleted', 'deleted ones, too, which `rollback` can bring back')
    .action((options: OperatorOptions & { deleted?: boolean }) =>
      asOperator(terminal, options, (operator) => listProfiles(operator, options)),
    ),
  operatorCommand(
    'show',
    {
      description: 'show a profile, or its history',
      examples: [
        'padlock profile show shop',
        'padlock profile show shop --history',
        'padlock profile show shop --version 3 --output json',
      ],
    },
    terminal,
  )
    .argument('<profile>', 'its name', profileName)
    .addOption(new Option('--history', 'its versions: when, by whom, and what changed').conflicts('version'))
    .addOption(new Option('--version <number>', 'an earlier version').argParser(versionNumber))
    .action((profile: string, options: OperatorOptions & ShowOptions) =>
      asOperator(terminal, options, (operator) => showProfile(operator, profile, options)),
    ),
  operatorCommand(
    'validate',
    {
      description: 'check profiles as the service does; exit code 1 when one is not valid',
      text: 'Without a name, all of them. A file is checked by itself, without Vault: that its signing key exists is not seen.',
      examples: [
        'padlock profile validate',
        'padlock profile validate shop',
        'padlock profile validate --from shop.json',
      ],
    },
    terminal,
  )
    .argument('[profiles...]', 'their names', (name: string, names: string[] = []) => [
      ...names,
      profileName(name),
    ])
    .option('--from <file>', 'check a file in place of profiles in Vault; - is standard input')
    .action((names: string[], options: OperatorOptions & { from?: string }) =>
      validateProfiles(terminal, names, options),
    ),
]

/** `padlock profile …`, for the program to add. */
export function profileCommand(terminal: Terminal = processTerminal): Command {
  const made = command(
    'profile',
    {
      description: 'profiles: issuer, life of tokens, rules of userIds, callers',
      text: 'Every change shows what it changes and asks first; two operators cannot overwrite each other.',
      examples: [
        'padlock profile list',
        'padlock profile update shop --set tokenTtlSeconds=90s',
        'padlock profile --help',
      ],
    },
    terminal,
  )
  const writers = [createCommand, updateCommand, deleteCommand, rollbackCommand].map((make) => make(terminal))
  for (const each of [...readingCommands(terminal), ...writers]) made.addCommand(each)
  return made
}
