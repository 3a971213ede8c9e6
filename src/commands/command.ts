import { Command, Option } from 'commander'
import { ConfigSchema } from '../config.ts'
import { mountPath } from './option-values.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** The last line of every command's help; docs/command-line.md tells more. */
export const exitCodesHelp =
  'Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 Vault cannot be reached.'

const operatorHelp =
  "Vault's address and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token), as for Vault's own command line."

/** What a command's help says beside its options. */
export interface CommandHelp {
  /** one line in lower case, without a full stop */
  description: string
  /** paragraphs between the options and the examples */
  text?: string
  /** whole command lines */
  examples: readonly string[]
  /** in place of the exit codes that all operators' commands share */
  exitCodes?: string
}

/** Commander repeats an argument that it does not know: a long one may be a key in place of its file's name. */
const withoutLongArguments = (words: string): string => words.replace(/'[^']{61,}'/g, "'…'")

/**
 * A sub-command with the house's manners: help with examples, the near option for an unknown one, and failures that
 * `runCommand` turns into exit codes. What it prints goes to the given terminal.
 */
export function command(name: string, help: CommandHelp, terminal: Terminal = processTerminal): Command {
  const { description, text, examples, exitCodes = exitCodesHelp } = help
  const parts = [
    ...(text === undefined ? [] : [text]),
    `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`,
    exitCodes,
  ]
  return new Command(name)
    .description(description)
    .addHelpText('after', `\n${parts.join('\n\n')}`)
    .showHelpAfterError('(--help tells more)')
    .configureOutput({
      writeOut: (words) => void terminal.stdout.write(words),
      writeErr: (words) => void terminal.stderr.write(words),
      outputError: (words, write) => write(withoutLongArguments(words)),
    })
    .exitOverride()
}

/** As `command`, for one that works on a Vault: with the options of where things are there. */
export function operatorCommand(
  name: string,
  { text, ...help }: CommandHelp,
  terminal: Terminal = processTerminal,
): Command {
  const words = text === undefined ? operatorHelp : `${text}\n\n${operatorHelp}`
  return command(name, { ...help, text: words }, terminal)
    .addOption(kvMountOption())
    .addOption(transitMountOption())
    .addOption(outputOption())
}

/** Adds the options of a command that changes something. */
export function withChangeOptions(made: Command): Command {
  return made
    .option('--dry-run', 'say what would be changed, and change nothing')
    .option('--yes', 'do not ask')
}

const mountDefault = (name: 'PADLOCK_KV_MOUNT' | 'PADLOCK_TRANSIT_MOUNT') =>
  String((ConfigSchema.properties[name] as { default?: unknown }).default)

/** `--kv-mount`, from PADLOCK_KV_MOUNT where it is not given. */
export const kvMountOption = (): Option =>
  new Option('--kv-mount <path>', 'KV store, version 2')
    .argParser(mountPath)
    .env('PADLOCK_KV_MOUNT')
    .default(mountDefault('PADLOCK_KV_MOUNT'))

/** `--transit-mount`, from PADLOCK_TRANSIT_MOUNT where it is not given. */
export const transitMountOption = (): Option =>
  new Option('--transit-mount <path>', 'transit engine')
    .argParser(mountPath)
    .env('PADLOCK_TRANSIT_MOUNT')
    .default(mountDefault('PADLOCK_TRANSIT_MOUNT'))

/** `--output table|json`. */
export const outputOption = (): Option =>
  new Option('--output <format>', 'table for people, json for programs')
    .choices(['table', 'json'])
    .default('table')
