import type { Variable } from './variables.ts'

/** The page's parts, in its order: each variable stands in the first whose pattern it meets. */
const topics: readonly (readonly [title: string, names: RegExp])[] = [
  ['Listen', /^PADLOCK_(HOST|PORT|ADMIN_PORT|TLS_|TRUST_PROXY)/],
  ['Requests and stops', /^PADLOCK_(REQUEST_DEADLINE|DRAIN|GRACE|RATE_LIMIT|REFUSALS|REDIS)/],
  ['Log and issuance log', /^PADLOCK_(LOG|ISSUANCE)/],
  ['Vault', /^(VAULT_(?!TOKEN)|PADLOCK_(ALLOW_INSECURE_VAULT|TRANSIT_MOUNT|KV_MOUNT|SIGN_|PROFILE_REFRESH))/],
  ["Padlock's login to Vault", /^(VAULT_TOKEN|PADLOCK_VAULT_)/],
  ["Callers' JWTs", /^(PADLOCK_(CALLER_|ALLOW_INSECURE_JWKS)|HTTPS_PROXY$|NO_PROXY$)/],
  ['Traces (OpenTelemetry)', /^OTEL_/],
]

const intro = `# Configuration

<!-- made by \`npm run -s docs:config\` from src/config/schema.ts -->

\`padlock serve\` reads environment variables alone; [.env.example](../.env.example) lists them too. Everything that is wrong is
reported at once, by name, and then nothing starts. An empty variable counts as not set. White space and quotes around a value are
taken away; control characters in it are refused. Where a standard variable of Vault is not set, OpenBao's of the same name takes
its place: \`BAO_ADDR\` for \`VAULT_ADDR\`, for commands too.`

const cell = (text: string) => text.replaceAll('|', '\\|')
const code = (text: string) => `\`${text}\``

function standardOf({ standard, required }: Variable): string {
  return standard === undefined ? (required ? '**required**' : '') : code(standard)
}

function table(variables: readonly Variable[]): string {
  const rows = variables.map(
    (variable) =>
      `| ${code(variable.name)} | ${cell(variable.meaning)} | ${cell(variable.values)} | ${standardOf(variable)} |`,
  )
  return ['| variable | meaning | values | default |', '|---|---|---|---|', ...rows].join('\n')
}

/**
 * docs/configuration.md: every variable, by topic.
 *
 * @throws Error for a variable that belongs to no topic
 */
export function configurationPage(variables: readonly Variable[]): string {
  const byTopic = Map.groupBy(variables, ({ name }) => {
    const topic = topics.find(([, names]) => names.test(name))?.[0]
    if (topic === undefined) {
      throw new Error(`${name} belongs to no topic of the page.`)
    }
    return topic
  })
  const parts = topics.map(([title]) => `## ${title}\n\n${table(byTopic.get(title) ?? [])}`)
  return `${[intro, ...parts].join('\n\n')}\n`
}
