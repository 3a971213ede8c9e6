import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { processTerminal } from '../../src/cli/terminal.ts'
import { padlock } from '../../src/commands/commands.ts'

/** The verbs of `padlock`, as commander has them, by their paths. */
export async function allVerbs(): Promise<Map<string, CommandUnknownOpts>> {
  const listed = Object.entries(padlock.commands).flatMap(([name, entry]) =>
    'load' in entry
      ? [{ path: name, name, entry }]
      : Object.entries(entry.verbs).map(([verb, inner]) => ({
          path: `${name} ${verb}`,
          name: verb,
          entry: inner,
        })),
  )
  const verbs = new Map<string, CommandUnknownOpts>()
  for (const { path, name, entry } of listed) {
    const { verb } = await entry.load()
    verbs.set(path, verb(name, entry.summary, processTerminal))
  }
  return verbs
}

/** Options that many verbs share; docs/command-line.md says once what they do. */
const shared = ['--output', '--dry-run', '--yes', '--kv-mount', '--transit-mount', '--policy-prefix']

export const hasOption = (verb: CommandUnknownOpts, option: string) =>
  verb.options.some(({ long }) => long === option)

/**
 * A verb's row of the table in docs/command-line.md.
 *
 * @param wanted options that it wants where nobody is at a terminal, as its message says
 * @param codes exit codes that were seen
 */
export function tableRow(
  path: string,
  verb: CommandUnknownOpts,
  wanted: string,
  codes: Iterable<number>,
): string {
  const options = verb.options.flatMap(({ long }) => (long && !shared.includes(long) ? [`\`${long}\``] : []))
  const engines = ['kv', 'transit'].filter((mount) => hasOption(verb, `--${mount}-mount`))
  const given = verb.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? ` <${name}>` : ` [${name}]`
  })
  const cells = [
    `\`${path}${given.join('')}\``,
    options.join(' '),
    engines.join(', '),
    wanted.replace(/--[\w-]+/g, '`$&`'),
    [...codes].sort().join(' '),
  ]
  return `| ${cells.map((cell) => cell || '–').join(' | ')} |`
}
