import {
  type ExpectedChange,
  ExpectedChangesError,
  parseExpectedChanges,
} from '../../audit/changes/expected-changes.ts'
import { HashCheck } from '../../audit/reconcile/hash-check.ts'
import type { Reconciliation } from '../../audit/reconcile/reconciliation.ts'
import type { LogFile } from '../../audit/trail/log-lines.ts'
import { type LogKind, readLog, type SearchedLog } from '../../audit/trail/read-log.ts'
import { during, refused, usageError } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { auditHash, listAuditDevices } from '../../vault/admin/audit-devices.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { ReadProgress, readFailure } from './log-reading.ts'

/** Bytes of lines in a file; a compressed one holds about ten times as many. */
export const lineBytes = ({ name, bytes }: LogFile) => (bytes ?? 4e9) * (name.endsWith('.gz') ? 10 : 1)

/** The audit devices that hash, and the check of hashes by them. */
export async function openHashes(client: VaultClient, given: string[] | undefined) {
  const devices = given ?? (await during('Reading the audit devices', listAuditDevices(client)))
  if (devices.length === 0) {
    throw refused('This Vault has no audit device: nothing is on record.')
  }
  const hash = (device: string, input: string) =>
    during(`Hashing for the audit device ${device}`, auditHash(client, device, input))
  return { devices, check: await HashCheck.open(hash, devices) }
}

/** The planned changes that a file names. */
export async function expectedChanges(
  file: string | undefined,
  terminal: Terminal,
): Promise<ExpectedChange[]> {
  if (file === undefined) {
    return []
  }
  try {
    return parseExpectedChanges(String(await readInput(terminal, file, '--expected-changes')))
  } catch (error) {
    throw error instanceof ExpectedChangesError ? usageError(`--expected-changes ${error.message}.`) : error
  }
}

/** Reads all logs into the comparison. */
export async function readAll(
  reconciliation: Reconciliation,
  logs: readonly LogFile[],
  issuanceLogs: readonly LogFile[],
  terminal: Terminal,
) {
  const progress = new ReadProgress(terminal.stderr, [...logs, ...issuanceLogs])
  const read = async (file: LogFile, kind: LogKind, add: (line: Buffer) => boolean) => {
    const covered = await readLog(file, kind, terminal.stdin, progress.of(file), add)
    reconciliation.addUnreadable(file.name, covered.unreadable + covered.tooLong)
    return covered
  }
  try {
    const searched: { logs: SearchedLog[]; issuanceLogs: SearchedLog[] } = { logs: [], issuanceLogs: [] }
    for (const [index, file] of logs.entries()) {
      searched.logs.push(await read(file, 'audit', (line) => reconciliation.addAuditLine(line, index)))
    }
    for (const file of issuanceLogs) {
      searched.issuanceLogs.push(await read(file, 'issuance', (line) => reconciliation.addIssuanceLine(line)))
    }
    return searched
  } catch (error) {
    throw readFailure(error)
  } finally {
    progress.end()
  }
}
