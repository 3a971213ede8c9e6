import { agreed } from '../cli/confirm.ts'
import { paint } from '../cli/layout.ts'
import type { Output } from '../cli/output.ts'
import { uninterrupted } from '../cli/signals.ts'
import { printNotes, printResult, progress } from '../cli/terminal.ts'
import { changeVerb } from '../cli/verb.ts'
import { setupFlags, setupSettings } from './setup/flags.ts'
import { planSetup } from './setup/plan.ts'
import { reportPlan, type SetupReport } from './setup/report.ts'
import { applySetup } from './setup/run.ts'

const colours = { unchanged: 'dim', create: 'green', update: 'yellow', remove: 'yellow' } as const

function showPlan(output: Output, { vault, profile, steps }: SetupReport, changes: string): void {
  output.line(`Vault ${vault}${profile === undefined ? '' : `, profile ${profile}`}: ${changes}`)
  output.line()
  output.table(
    steps.map(({ state, kind, name, detail }) => [paint(colours[state], state), kind, name, detail]),
  )
  output.line()
}

/** What was made, in the order in which the operator needs it. */
function showResult(output: Output, report: SetupReport): void {
  const { signingKey, recipientKey, roleId, secretId } = report
  const rows: string[][] = []
  if (signingKey) {
    rows.push(['signing key', `${signingKey.name}, version ${signingKey.version}, ${signingKey.fingerprint}`])
  }
  if (recipientKey) {
    rows.push(['recipient key', recipientKey.fingerprint])
  }
  if (roleId) {
    rows.push(['role_id', roleId])
  }
  if (secretId?.file) {
    rows.push([secretId.wrapTtlSeconds ? 'wrapping token' : 'secret_id', `in ${secretId.file}`])
  }
  if (secretId?.wrappingToken) {
    rows.push(['wrapping token', secretId.wrappingToken])
  }
  if (secretId?.wrapTtlSeconds) {
    rows.push(['to be opened', `once, within ${secretId.wrapTtlSeconds} seconds`])
  }
  if (secretId) {
    rows.push(['secret_id works until', secretId.expiresAt ?? 'it is destroyed'])
  }
  output.table(rows)
  if (signingKey === undefined) {
    return
  }
  const isNew = report.steps.some(
    ({ kind, state }) => (kind === 'signing key' || kind === 'profile') && state === 'create',
  )
  output.write(
    isNew
      ? `\nThe public key to hand to your iAdvize contact:\n\n${signingKey.publicKey.trim()}\n`
      : `\nThe public key, which iAdvize must have: padlock key export ${report.profile} ${signingKey.version}\n`,
  )
}

const help = {
  role: 'administrator' as const,
  text: `The token is an administrator's: it mounts engines and writes policies.

What exists already stays as it is; a second run changes nothing. Run it again for a second profile, or with
--new-secret-id before a secret_id runs out. The service's policy names the signing key of each profile: after
\`padlock profile create\` or \`delete\`, run it with --policies-only.

A second Padlock in this Vault, on mounts of its own, gets policies and an AppRole role of its own: --policy-prefix,
--role-name. Without them the run is refused, and nothing of the first one changes.`,
  examples: [
    'padlock setup --issuer https://shop.example --recipient-key iadvize.pub --dry-run',
    'padlock setup --issuer https://shop.example --recipient-key iadvize.pub --role-id-out /run/padlock/role-id --secret-id-out /run/padlock/secret-id --secret-id-ttl 30d',
    'padlock setup --policies-only --dry-run',
    'padlock setup --wrap-ttl 10m --secret-id-out wrapped --secret-id-bound-cidrs 10.1.0.0/16',
  ],
}

/** `padlock setup`: shows the plan, asks, carries it out. */
export const verb = changeVerb(help, setupFlags, async (changer, flags) => {
  const { client, terminal, json, dryRun } = changer
  const settings = await setupSettings(changer, flags)
  const plan = await progress(terminal, 'Reading what there is', planSetup(client, settings))
  const planned = reportPlan(client, plan)
  const count = planned.steps.filter(({ state }) => state !== 'unchanged').length
  const changes = `${count} change${count === 1 ? '' : 's'}`
  const show = (output: Output) => showPlan(output, planned, changes)
  if (count === 0 && !json) {
    show(terminal.stdout)
    printNotes(terminal, planned.notes)
  }
  const isAgreed =
    count === 0
      ? !dryRun
      : await agreed(changer, { show, notes: planned.notes, question: `Make ${changes}?` })
  const report = isAgreed
    ? await uninterrupted(terminal, (interrupted) =>
        applySetup(client, plan, {
          interrupted,
          underWay: (step, work) => progress(terminal, `${step.kind} ${step.name}`, work),
        }),
      )
    : planned
  printResult(changer, { dryRun, ...report }, (stdout) => {
    if (count === 0) {
      stdout.line('Nothing to change.')
    } else if (isAgreed) {
      stdout.line(`Done: ${changes}.`)
      stdout.line()
      showResult(stdout, report)
    }
  })
})
