import { type Finding, type FindingKind, findingKinds } from '../../audit/findings.ts'
import type { ReconcileResult } from '../../audit/reconcile/reconcile-result.ts'
import type { SearchedLog } from '../../audit/trail/read-log.ts'
import { paint } from '../../cli/layout.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { coverage } from './log-reading.ts'

/** What was compared, and what came of it. */
export interface ReconcileReport extends ReconcileResult {
  since: string
  until: string
  logs: SearchedLog[]
  issuanceLogs: SearchedLog[]
  /** audit devices whose hashes were asked for, and how many; none where nothing was proved by hash */
  devices: string[]
  hashesAsked: number
}

/** Findings of one kind that are shown; JSON has up to 1,000 of each. */
const mostShown = 20

const number = (count: number) => count.toLocaleString('en')

function summaryRows({ counts, signers, logs, issuanceLogs, ...report }: ReconcileReport): string[][] {
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
  if (unanswered > 0) {
    rows.push(['no answer', `${number(unanswered)} requests whose answer is in no log`])
  }
  if (report.devices.length === 0) {
    rows.push(['hashes', 'none were looked at (--verify-hashes)'])
  } else {
    rows.push(['hashes', `${number(report.hashesAsked)} asked of Vault (${report.devices.join(', ')})`])
  }
  return rows
}

const withoutIds =
  "no correlation ids, so Padlock's calls were known by hash. Vault writes them after `vault write " +
  'sys/config/auditing/request-headers/X-Correlation-Id hmac=false`, which `padlock setup` does too.'

function printChanges(stdout: Terminal['stdout'], title: string, changes: readonly Finding[]): void {
  if (changes.length === 0) {
    return
  }
  const rows = changes.slice(0, mostShown).map(({ time, detail }) => [`  ${time}`, detail])
  stdout.write(`\n${title} (${number(changes.length)})\n`)
  stdout.table(rows)
  if (changes.length > rows.length) {
    stdout.write(`  and ${number(changes.length - rows.length)} more (--output json)\n`)
  }
}

/** Prints the result of a comparison, for people. */
export function printReconciliation({ stdout }: Terminal, report: ReconcileReport): void {
  stdout.table(summaryRows(report))
  if (report.withoutCorrelationIds.length > 0) {
    stdout.line()
    stdout.line(`${report.withoutCorrelationIds.join(', ')}: ${withoutIds}`)
  }
  for (const [kind, count] of Object.entries(report.findingCounts) as [FindingKind, number][]) {
    stdout.line()
    stdout.line(`${paint('red', `${kind} (${number(count)})`)}: ${findingKinds[kind]}`)
    const findings = report.findings.filter((finding) => finding.kind === kind).slice(0, mostShown)
    stdout.table(
      findings.map(({ time, detail, correlationId }) => [`  ${time ?? ''}`, correlationId ?? '-', detail]),
    )
    if (count > findings.length) {
      stdout.write(`  and ${number(count - findings.length)} more (--output json)\n`)
    }
  }
  printChanges(stdout, 'Expected changes', report.expectedChanges)
  printChanges(stdout, 'Tried, and refused by Vault', report.refusedChanges)
  for (const { kind, by, from, until } of report.unseenChanges) {
    stdout.line()
    stdout.line(`Expected, and not seen: ${kind} by ${by}, ${from} to ${until}`)
  }
  if (report.findingTotal > 0) {
    stdout.write('\ndocs/audit.md says what each finding means and what to do.\n')
  }
  stdout.line()
  stdout.line(report.verdict.text)
}
