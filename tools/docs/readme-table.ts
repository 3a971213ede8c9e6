import type { Variable } from './variables.ts'

const begin = '<!-- configuration: made by `npm run -s docs:config` -->'
const end = '<!-- end of configuration -->'

const cell = (text: string) => text.replaceAll('|', '\\|')
const code = (text: string) => `\`${text}\``

function standardOf({ standard, required }: Variable): string {
  return standard === undefined ? (required ? '**required**' : '') : code(standard)
}

/** The README's table of the configuration. */
export function configurationTable(variables: readonly Variable[]): string {
  const rows = variables.map(
    (variable) =>
      `| ${code(variable.name)} | ${cell(variable.meaning)} | ${cell(variable.values)} | ${standardOf(variable)} |`,
  )
  return ['| variable | meaning | values | default |', '|---|---|---|---|', ...rows].join('\n')
}

/**
 * The README with its configuration table made anew, between the two comments that mark its place.
 *
 * @throws Error when the comments are not there
 */
export function withConfigurationTable(readme: string, variables: readonly Variable[]): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README.md does not hold "${begin}" and "${end}".`)
  return `${readme.slice(0, from + begin.length)}\n${configurationTable(variables)}\n${readme.slice(to)}`
}
