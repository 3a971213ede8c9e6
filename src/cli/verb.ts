import type { Command, CommandUnknownOpts, OptionValues } from '@commander-js/extra-typings'
import { type CommandHelp, command } from './command.ts'
import { type ChangeFlags, type Changing, refuseUnasked } from './confirm.ts'
import { asOperator, type Operator, type OperatorFlags, type Role } from './operator.ts'
import {
  dryRunOption,
  kvMountOption,
  outputOption,
  policyPrefixOption,
  transitMountOption,
  yesOption,
} from './options.ts'
import type { Asked, Terminal } from './terminal.ts'

/** A command that does something: its flags, its help and its run. */
export type Verb = (name: string, summary: string, terminal: Terminal) => CommandUnknownOpts

/** A verb as the list of commands has it; it is loaded when somebody asks for it. */
export interface ListedVerb {
  /** one line in lower case, without a full stop */
  summary: string
  load: () => Promise<{ verb: Verb }>
}

/** A noun with its verbs. */
export interface Noun extends CommandHelp {
  summary: string
  verbs: Readonly<Record<string, ListedVerb>>
}

/** An operator who changes something. */
export type Changer = Operator & Changing

/** Adds a verb's own arguments and flags; what the run is given is inferred from them. */
type Flags<Args extends unknown[], Given extends OptionValues> = (made: Command) => Command<Args, Given>

type Run<Who, Args extends unknown[], Given> = (who: Who, ...given: [...Args, Given]) => Promise<void>

/** Help of a verb that works on a Vault. */
export interface OperatorHelp extends CommandHelp {
  /** whose rights the token must have; an operator's, where nothing is said */
  role?: Role
  /** the mounts that can be given; both, where nothing is said */
  mounts?: readonly ('kv' | 'transit')[]
  /** option with what only somebody else can tell, such as a fingerprint: `--yes` does not stand in for it */
  proof?: string
}

/** What the help of every command on a Vault says. */
export const operatorText =
  "Vault's address and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token), as for Vault's own command line."

/** Common options stand behind a verb's own; what commander hands to the action is split into arguments and options. */
function finished<Who, Args extends unknown[], Given extends OptionValues, Common>(
  made: Command<Args, Given>,
  common: readonly Parameters<Command['addOption']>[0][],
  open: (flags: Common & { output: string }, work: (who: Who) => Promise<void>) => Promise<void>,
  run: Run<Who, Args, Given>,
): CommandUnknownOpts {
  const whole = made as unknown as CommandUnknownOpts
  for (const option of common.filter(({ long }) => !whole.options.some((own) => own.long === long))) {
    whole.addOption(option)
  }
  return whole.action((...all: unknown[]) => {
    const given = all.slice(0, -1) as [...Args, Given]
    return open(given.at(-1) as unknown as Common & { output: string }, (who) => run(who, ...given))
  })
}

/** A verb that asks no Vault, or opens one by itself. */
export function verb<Args extends unknown[], Given extends OptionValues>(
  help: CommandHelp,
  flags: Flags<Args, Given>,
  run: Run<Asked, Args, Given>,
): Verb {
  return (name, summary, terminal) =>
    finished<Asked, Args, Given, object>(
      flags(command(name, summary, help, terminal)),
      [outputOption()],
      ({ output }, work) => work({ terminal, json: output === 'json' }),
      run,
    )
}

const mountOptions = { kv: kvMountOption, transit: transitMountOption }

/** The options of where things are in Vault, and of how the answer is wanted. */
const operatorOptions = ({ mounts = ['kv', 'transit'] }: OperatorHelp) => [
  ...mounts.map((mount) => mountOptions[mount]()),
  policyPrefixOption(),
  outputOption(),
]

function operatorCommand({ text, ...help }: OperatorHelp, ...[name, summary, terminal]: Parameters<Verb>) {
  const all = text === undefined ? operatorText : `${text}\n\n${operatorText}`
  return command(name, summary, { ...help, text: all }, terminal)
}

/** A verb that looks at Vault, and changes nothing. */
export function operatorVerb<Args extends unknown[], Given extends OptionValues>(
  help: OperatorHelp,
  flags: Flags<Args, Given>,
  run: Run<Operator, Args, Given>,
): Verb {
  return (name, summary, terminal) =>
    finished<Operator, Args, Given, OperatorFlags>(
      flags(operatorCommand(help, name, summary, terminal)),
      operatorOptions(help),
      (common, work) => asOperator(terminal, common, work, help.role),
      run,
    )
}

/**
 * A verb that changes something: with `--dry-run` and `--yes`. Where nobody can be asked and neither is given, it ends
 * before Vault is asked.
 */
export function changeVerb<Args extends unknown[], Given extends OptionValues>(
  help: OperatorHelp,
  flags: Flags<Args, Given>,
  run: Run<Changer, Args, Given>,
): Verb {
  const { role, proof } = help
  return (name, summary, terminal) =>
    finished<Changer, Args, Given, OperatorFlags & ChangeFlags>(
      flags(operatorCommand(help, name, summary, terminal)),
      [dryRunOption(), yesOption(), ...operatorOptions(help)],
      async (common, work) => {
        const given = common as unknown as Record<string, unknown>
        refuseUnasked(
          terminal,
          common,
          proof === undefined ? undefined : { option: proof, given: given[proof] },
        )
        const { dryRun = false, yes = false } = common
        await asOperator(terminal, common, (operator) => work({ ...operator, dryRun, yes }), role)
      },
      run,
    )
}
