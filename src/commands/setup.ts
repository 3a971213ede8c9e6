import type { Command } from 'commander'
import { refused } from './exit.ts'
import { uninterrupted } from './interrupt.ts'
import { asOperator } from './operator.ts'
import { type SetupOptions, setupOptions, setupSettings } from './setup/options.ts'
import { planSetup } from './setup/plan.ts'
import { reportPlan, type SetupReport } from './setup/report.ts'
import { applySetup } from './setup/run.ts'
import {
  confirm,
  paint,
  printJson,
  printNotes,
  processTerminal,
  progress,
  type Terminal,
  table,
} from './terminal.ts'

const colours = { unchanged: 'dim', create: 'green', update: 'yellow' } as const

function printPlan(terminal: Terminal, stream: Terminal['stdout'], report: SetupReport): void {
  const rows = report.steps.map(({ state, kind, name, detail }) => [
    paint(stream, colours[state], state),
    kind,
    name,
    detail,
  ])
  stream.write(`Vault ${report.vault}, profile ${report.profile}\n\n${table(rows)}\n`)
  printNotes(terminal, report.notes)
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
  return asOperator(terminal, options, async ({ client, json }) => {
    const plan = await progress(terminal, 'Reading what there is', planSetup(client, settings))
    const planned = reportPlan(client, plan)
    const print = (report: SetupReport) =>
      json && printJson(terminal, { dryRun: options.dryRun ?? false, ...report })
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
    const report = await uninterrupted(terminal, (interrupted) =>
      applySetup(client, plan, {
        interrupted,
        underWay: (step, work) => progress(terminal, `${step.kind} ${step.name}`, work),
      }),
    )
    print(report)
    if (json) return
    terminal.stdout.write(count === 0 ? 'Nothing to change.\n' : `Done: ${changes}.\n\n`)
    if (count > 0) printResult(terminal, report)
  })
}

/** The sub-command, for the program to add. */
export function setupCommand(terminal: Terminal = processTerminal): Command {
  return setupOptions(terminal).action((options: SetupOptions) => setup(options, terminal))
}
