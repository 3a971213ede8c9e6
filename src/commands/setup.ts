import type { Command } from 'commander'
import { clientWithToken } from '../vault/client-with-token.ts'
import { exitCodes, refused, runCommand } from './exit.ts'
import { operatorClient } from './operator-client.ts'
import { type SetupOptions, setupOptions, setupSettings } from './setup/options.ts'
import { planSetup } from './setup/plan.ts'
import { reportPlan, type SetupReport } from './setup/report.ts'
import { applySetup } from './setup/run.ts'
import { confirm, paint, processTerminal, type Terminal, table } from './terminal.ts'

const colours = { unchanged: 'dim', create: 'green', update: 'yellow' } as const

function printPlan(terminal: Terminal, stream: Terminal['stdout'], report: SetupReport): void {
  const rows = report.steps.map(({ state, kind, name, detail }) => [
    paint(stream, colours[state], state),
    kind,
    name,
    detail,
  ])
  stream.write(`Vault ${report.vault}, profile ${report.profile}\n\n${table(rows)}\n`)
  for (const note of report.notes) {
    terminal.stderr.write(`${paint(terminal.stderr, 'yellow', 'Note:')} ${note}\n`)
  }
}

/** What was made, in the order in which the operator needs it. */
function printResult({ stdout }: Terminal, report: SetupReport): void {
  const { signingKey, recipientKey, roleId, secretId } = report
  const rows: string[][] = []
  if (signingKey) {
    rows.push(['signing key', `${signingKey.name}, version ${signingKey.version}, ${signingKey.fingerprint}`])
  }
  if (recipientKey) rows.push(['recipient key', recipientKey.fingerprint])
  if (roleId) rows.push(['role_id', roleId])
  if (secretId?.file)
    rows.push([secretId.wrapTtlSeconds ? 'wrapping token' : 'secret_id', `in ${secretId.file}`])
  if (secretId?.wrappingToken) rows.push(['wrapping token', secretId.wrappingToken])
  if (secretId?.wrapTtlSeconds) rows.push(['to be opened', `once, within ${secretId.wrapTtlSeconds} seconds`])
  if (secretId) rows.push(['secret_id works until', secretId.expiresAt ?? 'it is destroyed'])
  stdout.write(table(rows))
  if (signingKey) {
    stdout.write(`\nThe public key to hand to your iAdvize contact:\n\n${signingKey.publicKey.trim()}\n`)
  }
}

/**
 * `padlock setup`: shows the plan, asks, carries it out.
 *
 * @throws CommandError with exit code 1 when it is refused, 2 for wrong usage, 3 for a Vault that does not answer
 */
export async function setup(options: SetupOptions, terminal: Terminal = processTerminal): Promise<void> {
  const settings = await setupSettings(options, terminal)
  const operator = await operatorClient(terminal.env)
  const client = clientWithToken(operator.client, operator.token)
  try {
    const json = options.output === 'json'
    const plan = await planSetup(client, settings)
    const planned = reportPlan(client, plan)
    const print = (report: SetupReport) =>
      json &&
      terminal.stdout.write(`${JSON.stringify({ dryRun: options.dryRun ?? false, ...report }, null, 2)}\n`)
    if (!json) printPlan(terminal, terminal.stdout, planned)
    const count = planned.steps.filter(({ state }) => state !== 'unchanged').length
    const changes = `${count} change${count === 1 ? '' : 's'}`
    if (options.dryRun) {
      print(planned)
      if (!json)
        terminal.stdout.write(`Dry run: ${count === 0 ? 'nothing to change' : `${changes} to make`}.\n`)
      return
    }
    if (count > 0 && !options.yes) {
      if (json) printPlan(terminal, terminal.stderr, planned)
      if (!(await confirm(terminal, `Make ${changes}?`))) throw refused('Nothing was changed.')
    }
    const report = await applySetup(client, plan)
    print(report)
    if (json) return
    terminal.stdout.write(count === 0 ? 'Nothing to change.\n' : `Done: ${changes}.\n\n`)
    if (count > 0) printResult(terminal, report)
  } finally {
    await client.close()
  }
}

const help = `
Vault's address and token come from VAULT_ADDR and VAULT_TOKEN (or ~/.vault-token), as for Vault's own command
line; the token is an administrator's: it mounts engines and writes policies.

What exists already stays as it is; a second run changes nothing. Run it again for a second profile, or with
--new-secret-id before a secret_id runs out.

Examples:
  padlock setup --issuer shop.example --recipient-key iadvize.pub --dry-run
  padlock setup --issuer shop.example --recipient-key iadvize.pub \\
    --role-id-out /run/padlock/role-id --secret-id-out /run/padlock/secret-id --secret-id-ttl 30d
  padlock setup --wrap-ttl 10m --secret-id-out wrapped --secret-id-bound-cidrs 10.1.0.0/16

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 Vault does not answer.`

/** The sub-command, for the program to add. */
export function setupCommand(): Command {
  return setupOptions()
    .description('set Vault up for Padlock: engines, signing key, policies, login, first profile')
    .addHelpText('after', help)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
    .action((options: SetupOptions) => runCommand(processTerminal, () => setup(options)))
}
