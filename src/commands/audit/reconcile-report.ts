import { type FindingKind, findingKinds } from '../../audit/findings.ts'
import { paint, type Terminal, table } from '../terminal.ts'
import { coverage } from './find-report.ts'
import type { ReconcileReport } from './reconcile.ts'

/** Findings of one kind that are shown; JSON has up to 1,000 of each. */
const mostShown = 20

const number = (count: number) => count.toLocaleString('en')

function summary({ counts, signers, logs, issuanceLogs, ...report }: ReconcileReport): string {
  const { signatures, issued, notIssued, probes, provedByHash, provedByCount, unanswered } = counts
  const rows = [
    ['interval', `${report.since} to ${report.until}`],
    ...logs.map((log) => ["Vault's log", `${log.file}: ${coverage(log)}`]),
    ...issuanceLogs.map((log) => ['issuance log', `${log.file}: ${coverage(log)}`]),
    ['signatures', number(signatures)],
    [
      'as tokens',
      `${number(issued)}: ${number(provedByHash)} proved by hash, ${number(provedByCount)} by call and number`,
    ],
    [
      'not as tokens',
      `${number(notIssued)} that Padlock asked for and could not use, ${number(probes)} probes`,
    ],
    [
      'signed by',
      Object.entries(signers)
        .map(([by, count]) => `${by} ${number(count)}`)
        .join('; ') || 'nobody',
    ],
  ]
  if (unanswered > 0) rows.push(['no answer', `${number(unanswered)} requests whose answer is in no log`])
  if (report.devices.length === 0) rows.push(['hashes', 'none were looked at (--verify-hashes)'])
  else rows.push(['hashes', `${number(report.hashesAsked)} asked of Vault (${report.devices.join(', ')})`])
  return table(rows)
}

/** Tells people what came of a comparison. */
export function printReconciliation({ stdout }: Terminal, report: ReconcileReport): void {
  stdout.write(summary(report))
  for (const [kind, count] of Object.entries(report.findingCounts) as [FindingKind, number][]) {
    stdout.write(`\n${paint(stdout, 'red', `${kind} (${number(count)})`)}: ${findingKinds[kind]}\n`)
    const findings = report.findings.filter((finding) => finding.kind === kind).slice(0, mostShown)
    stdout.write(
      table(
        findings.map(({ time, detail, correlationId }) => [`  ${time ?? ''}`, detail, correlationId ?? '']),
      ),
    )
    if (count > findings.length)
      stdout.write(`  and ${number(count - findings.length)} more (--output json)\n`)
  }
  if (report.refusedChanges.length > 0) {
    stdout.write(`\nTried, and refused by Vault (${report.refusedChanges.length})\n`)
    stdout.write(
      table(report.refusedChanges.slice(0, mostShown).map(({ time, detail }) => [`  ${time}`, detail])),
    )
  }
  stdout.write(
    report.findingTotal === 0
      ? '\nEvery signature is accounted for.\n'
      : '\ndocs/audit.md says what each finding means and what to do.\n',
  )
}
