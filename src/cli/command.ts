import { Command } from '@commander-js/extra-typings'
import { paragraphs, table, wrap, wrapCommand } from './layout.ts'
import type { Terminal } from './terminal.ts'

/** An example of a command's help: a whole command line, or one and what it is for. */
export type Example = string | readonly [line: string, meaning: string]

/** What a command's help says beside its options. */
export interface CommandHelp {
  /** paragraphs behind the options; their lines are wrapped to the terminal */
  text?: string
  /** rows behind them, such as fields and their meanings, below a title */
  rows?: { title: string; cells: readonly (readonly string[])[] }
  examples: readonly Example[]
  /** in place of the exit codes that all commands share */
  exitCodes?: string
}

/** The last line of every command's help; docs/command-line.md has more. */
const exitCodesHelp = 'Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 Vault cannot be reached.'

/** Columns of a description beside an option, below which it is not wrapped. */
const leastDescription = 16

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

function examplesText(examples: readonly Example[], width: number): string {
  return examples
    .map((example) =>
      typeof example === 'string' ? `${wrapCommand(example, width)}\n` : table([example], { width }),
    )
    .join('')
}

/** What stands behind the options. */
function afterText({ text, rows, examples, exitCodes = exitCodesHelp }: CommandHelp, width: number): string {
  const meanings = examples.filter((example) => typeof example !== 'string')
  // Aligned with each other where every example says what it is for.
  const lines =
    meanings.length === examples.length
      ? table(meanings, { width: width - 2 })
      : examplesText(examples, width - 2)
  const parts = [
    ...(text === undefined ? [] : [paragraphs(text, width)]),
    ...(rows === undefined
      ? []
      : [`${rows.title}:\n${indented(table(rows.cells, { width: width - 2 })).trimEnd()}`]),
    `Examples:\n${indented(lines).trimEnd()}`,
    paragraphs(exitCodes, width),
  ]
  return `\n${parts.join('\n\n')}`
}

/**
 * Commander repeats an argument that it does not know. A long one may be a key in place of its file's name, and is left
 * out; a line feed in one is no line end of the message.
 */
const withSafeArguments = (words: string): string =>
  words.replace(/'[^']{61,}'/g, "'…'").replace(/\n(?!\(Did you mean |$)/g, '\n  ')

/**
 * A command with the house's manners: help with examples, within the terminal's width; the near option for an unknown
 * one; failures are thrown (CommanderError). What it prints goes to the given terminal.
 *
 * @param summary one line in lower case, without a full stop
 */
export function command(name: string, summary: string, help: CommandHelp, terminal: Terminal): Command {
  const { stdout, stderr } = terminal
  return new Command(name)
    .description(summary)
    .helpOption('-h, --help', 'show this')
    .helpCommand(false)
    .configureHelp({
      minWidthToWrap: leastDescription,
      subcommandTerm: (listed) => listed.name(),
      styleUsage: (usage) => wrap(usage, stdout.pageWidth - 'Usage: '.length, '  '),
    })
    .addHelpText('after', ({ error }) => afterText(help, (error ? stderr : stdout).pageWidth))
    .showHelpAfterError(`(--help says more)`)
    .configureOutput({
      writeOut: (words) => stdout.write(words),
      writeErr: (words) => stderr.write(words),
      outputError: (words, write) => write(withSafeArguments(words)),
      getOutHelpWidth: () => stdout.pageWidth,
      getErrHelpWidth: () => stderr.pageWidth,
    })
    .exitOverride()
}

/** A command that is only listed, and not loaded. */
export const listed = (name: string, summary: string) => new Command(name).description(summary)
