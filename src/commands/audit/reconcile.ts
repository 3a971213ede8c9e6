import { createHash } from 'node:crypto'
import { readLog, type SearchedLog } from '../../audit/audit-search.ts'
import { HashCheck } from '../../audit/hash-check.ts'
import type { LogFile } from '../../audit/log-lines.ts'
import { partitionCount } from '../../audit/partitions.ts'
import { type ReconcileResult, Reconciliation } from '../../audit/reconciliation.ts'
import { auditHash, listAuditDevices } from '../../vault/audit-devices.ts'
import type { VaultClient } from '../../vault/client.ts'
import { clientWithToken } from '../../vault/client-with-token.ts'
import { probeCorrelationPrefix, probeText } from '../../vault/signing-probe.ts'
import { CommandError, during, exitCodes, refused, usageError } from '../exit.ts'
import { keepHeapSmall } from '../heap.ts'
import { operatorClient } from '../operator-client.ts'
import type { Terminal } from '../terminal.ts'
import { logFiles, ReadProgress, readFailure } from './log-reading.ts'
import { printReconciliation } from './reconcile-report.ts'

/** The options of `padlock audit reconcile`, as commander gives them; times in milliseconds since the epoch. */
export interface ReconcileOptions {
  since: number
  until: number
  /** seconds */
  grace: number
  log: string[]
  issuanceLog: string[]
  device?: string[]
  /** tokens whose hashes are looked at; Infinity for all, 0 for none */
  verifyHashes: number
  transitMount: string
  kvMount: string
  approleMount: string
  output: 'table' | 'json'
}

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

const probe = {
  correlationPrefix: probeCorrelationPrefix,
  auditId: createHash('sha256').update(probeText).digest('base64url'),
}

/** Bytes of lines in a file; a compressed one holds about ten times as many. */
const lineBytes = ({ name, bytes }: LogFile) => (bytes ?? 4e9) * (name.endsWith('.gz') ? 10 : 1)

async function openHashes(client: VaultClient, given: string[] | undefined) {
  const devices = given ?? (await during('Reading the audit devices', listAuditDevices(client)))
  if (devices.length === 0) throw refused('This Vault has no audit device: nothing is on record.')
  const hash = (device: string, input: string) =>
    during(`Hashing for the audit device ${device}`, auditHash(client, device, input))
  return { devices, check: await HashCheck.open(hash, devices) }
}

async function readAll(
  reconciliation: Reconciliation,
  logs: readonly LogFile[],
  issuanceLogs: readonly LogFile[],
  terminal: Terminal,
) {
  const progress = new ReadProgress(terminal.stderr, [...logs, ...issuanceLogs])
  const read = async (file: LogFile, add: (line: Buffer) => boolean) => {
    let [unreadable, last] = [0, true]
    const covered = await readLog(file, terminal.stdin, progress.of(file), (line) => {
      if (!last) unreadable += 1
      last = add(line)
    })
    // The last line of a log that is being written may not be whole yet.
    reconciliation.addUnreadable(file.name, unreadable + covered.tooLong)
    return covered
  }
  try {
    const searched: { logs: SearchedLog[]; issuanceLogs: SearchedLog[] } = { logs: [], issuanceLogs: [] }
    for (const [index, file] of logs.entries()) {
      searched.logs.push(await read(file, (line) => reconciliation.addAuditLine(line, index)))
    }
    for (const file of issuanceLogs) {
      searched.issuanceLogs.push(await read(file, (line) => reconciliation.addIssuanceLine(line)))
    }
    return searched
  } catch (error) {
    throw readFailure(error)
  } finally {
    progress.end()
  }
}

/**
 * `padlock audit reconcile`: every signature of an interval, explained or found.
 *
 * @throws CommandError with exit code 1 when there are findings, 2 for wrong usage or a log that cannot be read, 3 for a
 *   Vault that does not answer
 */
export async function reconcile(options: ReconcileOptions, terminal: Terminal): Promise<void> {
  keepHeapSmall()
  const { since, until, verifyHashes, transitMount, kvMount, approleMount } = options
  if (since >= until) throw usageError('--since must be earlier than --until.')
  const [logs = [], issuanceLogs = []] = await logFiles(options.log, options.issuanceLog)
  if (logs.length === 0 || issuanceLogs.length === 0)
    throw usageError('Give each log once, and one of each kind.')
  const operator = verifyHashes === 0 ? undefined : await operatorClient(terminal.env)
  const namespace = (terminal.env.VAULT_NAMESPACE ?? '').replace(/^\/|\/$/g, '')
  let reconciliation: Reconciliation | undefined
  try {
    // Now, and not after gigabytes were read.
    const hashes =
      operator && (await openHashes(clientWithToken(operator.client, operator.token), options.device))
    reconciliation = new Reconciliation(
      { since, until, graceMs: options.grace * 1000 },
      { transit: transitMount, kv: kvMount, appRole: approleMount },
      namespace,
      partitionCount([...logs, ...issuanceLogs].reduce((sum, file) => sum + lineBytes(file), 0)),
      hashes?.check,
    )
    const searched = await readAll(reconciliation, logs, issuanceLogs, terminal)
    const names = logs.map(({ name }) => name)
    const report: ReconcileReport = {
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      ...searched,
      ...(await reconciliation.judge(names, probe, verifyHashes)),
      devices: hashes?.devices ?? [],
      hashesAsked: hashes?.check.asked ?? 0,
    }
    if (options.output === 'json') {
      // JSON has no Infinity, and nothing here is one.
      terminal.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    } else printReconciliation(terminal, report)
    const { findingTotal: total } = report
    if (total > 0) throw new CommandError(exitCodes.refused, `${total} finding${total === 1 ? '' : 's'}.`)
  } finally {
    reconciliation?.close()
    await operator?.client.close()
  }
}
