import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { type CommandHelp, command, listed } from './command.ts'
import { exitCodes, failureOf } from './exit.ts'
import { paint } from './layout.ts'
import type { Terminal } from './terminal.ts'
import type { ListedVerb, Noun } from './verb.ts'

/** All that a program can be asked for: nouns with their verbs, and verbs that need no noun. */
export interface Program extends CommandHelp {
  name: string
  summary: string
  version: string
  commands: Readonly<Record<string, Noun | ListedVerb>>
}

/** A SHA-256 in base64url, a thumbprint or an auditId, that happens to begin with a hyphen. */
const digest = /^-[A-Za-z0-9_-]{42}$/

/** Arguments in an order in which such a digest is not taken for an option: behind `--`. */
export function withDigestsLast(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  const before = end === -1 ? args : args.slice(0, end)
  const after = end === -1 ? [] : args.slice(end + 1)
  const last = [...before.filter((argument) => digest.test(argument)), ...after]
  const rest = before.filter((argument) => !digest.test(argument))
  return end === -1 && last.length === 0 ? rest : [...rest, '--', ...last]
}

/** `help key list` and `key help list` as `key list --help`. */
function withHelpLast(args: readonly string[]): readonly string[] {
  const at = args.slice(0, 2).indexOf('help')
  return at === -1 ? args : [...args.slice(0, at), ...args.slice(at + 1), '--help']
}

/** The words of a command line that may name a noun and its verb. */
const names = (args: readonly string[]) => args.filter((argument) => !argument.startsWith('-')).slice(0, 2)

/** Whether a word is there and in no list: it is to be named, with the near one, even where help was asked for. */
const isUnknown = (word: string | undefined, list: object) => word !== undefined && !Object.hasOwn(list, word)

/**
 * The commands as a tree, in which only the verb that is asked for is loaded: of all others the names and summaries are
 * enough, for the lists and for near misses.
 *
 * @param asked the verb's path
 */
async function tree(program: Program, [first, second]: string[], terminal: Terminal) {
  const root = command(program.name, program.summary, program, terminal)
    .version(program.version, '-V, --version', 'show the version')
    // Without it, `profile show <profile> --version <number>` would be asked for the program's own version.
    .enablePositionalOptions() as unknown as CommandUnknownOpts
  const loaded = async (name: string, { summary, load }: ListedVerb) => {
    const { verb } = await load()
    return verb(name, summary, terminal)
  }
  for (const [name, entry] of Object.entries(program.commands)) {
    if (name !== first) {
      root.addCommand(listed(name, entry.summary))
    } else if ('load' in entry) {
      root.addCommand(await loaded(name, entry))
    } else {
      const noun = command(name, entry.summary, entry, terminal)
      for (const [verb, inner] of Object.entries(entry.verbs)) {
        noun.addCommand(verb === second ? await loaded(verb, inner) : listed(verb, inner.summary))
      }
      root.addCommand(noun)
    }
  }
  return root.addCommand(listed('help', 'the help of a command, as in `padlock help key list`'))
}

/**
 * Runs a command line.
 *
 * @param given arguments behind the program's name
 * @throws what the command does; see `failureOf`
 */
export async function runProgram(
  program: Program,
  given: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const args = withHelpLast(given)
  const asked = names(args)
  const noun = Object.hasOwn(program.commands, asked[0] ?? '')
    ? program.commands[asked[0] as string]
    : undefined
  const unknown =
    isUnknown(asked[0], program.commands) ||
    (noun !== undefined && 'verbs' in noun && isUnknown(asked[1], noun.verbs))
  const parsed = unknown ? args.filter((argument) => !/^(-h|--help)$/.test(argument)) : args
  const root = await tree(program, asked, terminal)
  await root.parseAsync(withDigestsLast(parsed), { from: 'user' })
}

/** Runs a command line; a failure becomes one message on standard error. @returns the exit code */
export async function exitCodeOf(
  program: Program,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    await runProgram(program, args, terminal)
    return exitCodes.done
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== '') {
      terminal.stderr.message(`${paint('red', 'error:')} ${failure.message}`)
    }
    return failure.exitCode
  }
}
