import type { Variable } from './variables.ts'

const head = `# Every variable that \`padlock serve\` reads, with its default. Made from src/config/schema.ts by \`npm run -s docs:config\`.
# An empty variable counts as not set. Copy this file to .env, fill it in, and start Padlock with
#   set -a; . ./.env; set +a; padlock serve
`

function remark({ values, standard, required }: Variable): string {
  const parts = required ? ['required'] : standard === undefined ? ['optional'] : [`default ${standard}`]
  return (values === '' ? parts : [values, ...parts]).join('; ')
}

/** The text of .env.example: for each variable its meaning, its bounds, its default, and the assignment. */
export function envExample(variables: readonly Variable[]): string {
  const entries = variables.map(
    (variable) =>
      `# ${variable.meaning} (${remark(variable)}).\n${variable.name}=${variable.standard ?? ''}\n`,
  )
  return [head, ...entries].join('\n')
}
