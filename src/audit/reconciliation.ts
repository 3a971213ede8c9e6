import { identityText, signingRequest } from '../vault/audit-log.ts'
import { AuditLines } from './audit-lines.ts'
import { BatchJudge, type ProbeMark, type SignatureCounts } from './batch-judge.ts'
import { type BatchRecord, batchesOf, batchIdOf } from './batch-records.ts'
import { ChangeWatch, changeFinding, type WatchedMounts } from './changes.ts'
import { type Finding, type FindingKind, Findings } from './findings.ts'
import type { HashCheck } from './hash-check.ts'
import { issuanceLine } from './issuance-line.ts'
import { Partitions } from './partitions.ts'
import { SignerCounts } from './signer-counts.ts'

/** What is reconciled. Times in milliseconds since the epoch. */
export interface Interval {
  since: number
  until: number
  /** so much before and after is read too, since a call and its token have different times, and hosts different clocks */
  graceMs: number
}

/** What came of it. */
export interface ReconcileResult {
  counts: SignatureCounts
  /** signatures by who had them made */
  signers: Record<string, number>
  findings: Finding[]
  findingCounts: Partial<Record<FindingKind, number>>
  findingTotal: number
  /** changes that Vault refused: nothing happened */
  refusedChanges: Finding[]
}

/** Compares Vault's audit logs with Padlock's issuance logs: first all lines of both, in any order, then the verdict. */
export class Reconciliation {
  readonly #interval: Interval
  readonly #mounts: WatchedMounts
  readonly #partitions: Partitions<BatchRecord>
  readonly #changes: ChangeWatch
  readonly #findings = new Findings()
  readonly #signers = new SignerCounts()
  readonly #audit: AuditLines
  readonly #hashes: HashCheck | undefined
  #issued = 0

  /**
   * @param partitions see `partitionCount`
   * @param hashes undefined where nothing is to be proved by hash
   */
  constructor(
    interval: Interval,
    mounts: WatchedMounts,
    namespace: string,
    partitions: number,
    hashes: HashCheck | undefined,
  ) {
    this.#hashes = hashes
    this.#interval = interval
    this.#mounts = mounts
    this.#partitions = new Partitions(partitions)
    this.#changes = new ChangeWatch(mounts)
    this.#audit = new AuditLines(mounts, namespace)
  }

  /** @param log index of the log. @returns false for a line that seems to be an entry and cannot be read */
  addAuditLine(line: Buffer, log: number): boolean {
    const entry = this.#audit.entry(line)
    if (entry === 'broken') return false
    if (entry === undefined || !this.#isWithin(entry.time, this.#interval.graceMs)) return true
    if (this.#isWithin(entry.time)) this.#changes.look(entry)
    const request = signingRequest(entry, this.#mounts.transit)
    if (!request?.key.startsWith('padlock-')) return true
    const device = this.#hashes?.deviceOf(entry.data.signature_algorithm)
    this.#add({
      kind: 'call',
      answered: entry.type === 'response',
      ...{ correlationId: entry.correlationId, requestId: entry.requestId, time: entry.time, log },
      ...(device === 'foreign' ? { foreign: true } : { foreign: false, device }),
      ...{ key: request.key, isRs256: request.isRs256, by: identityText(entry.by) },
      items: request.items.map(({ input, keyVersion }) => [input, keyVersion]),
    })
    return true
  }

  /** @returns false for a line that seems to be one of the issuance log's and cannot be read */
  addIssuanceLine(line: Buffer): boolean {
    const record = issuanceLine(line)
    if (record === 'broken') return false
    if (record === undefined) return true
    const time = Date.parse(record.time)
    if (record.event === 'lost') {
      this.#lost(record.lines, record.since, record.until, record.instance)
      return true
    }
    if (!this.#isWithin(time, this.#interval.graceMs)) return true
    const { correlationId, key, keyVersion } = record
    if (record.event === 'asked') {
      this.#add({ kind: 'asked', correlationId, time, key, keyVersion, auditIds: record.auditIds })
      return true
    }
    const { auditId, requestId, profile } = record
    this.#issued += 1
    this.#add({ kind: 'issued', correlationId, time, key, keyVersion, auditId, requestId, profile })
    return true
  }

  /** Lines that could not be read. */
  addUnreadable(file: string, lines: number): void {
    if (lines === 0) return
    const detail = `${lines} line${lines === 1 ? '' : 's'} of ${file} cannot be read: what stood there is unknown.`
    this.#findings.add({ kind: 'lines_unreadable', time: null, detail, file })
  }

  /**
   * The verdict. It is given once.
   *
   * @param logs names of the audit logs, in the order of their indexes
   * @param sample tokens whose hashes are looked at, about; Infinity for all
   * @throws what asking Vault throws
   */
  async judge(logs: readonly string[], probe: ProbeMark, sample: number): Promise<ReconcileResult> {
    const judge = new BatchJudge(this.#findings, probe, this.#hashes, sample / Math.max(1, this.#issued))
    for (const records of this.#partitions.read()) {
      const batches = batchesOf(records).filter(({ time }) => this.#isWithin(time))
      for (const { calls } of batches) {
        for (const { by, items } of calls)
          this.#signers.add(by, items.filter(([, version]) => version > 0).length)
      }
      // So many at once that Vault has enough to do.
      for (let i = 0; i < batches.length; i += 64) {
        await Promise.all(batches.slice(i, i + 64).map((batch) => judge.judge(batch)))
      }
    }
    judge.finish(logs)
    const changes = this.#changes.changes()
    for (const change of changes) if (change.outcome !== 'refused') this.#findings.add(changeFinding(change))
    return {
      counts: judge.counts,
      signers: this.#signers.byName(),
      findings: this.#findings.sorted(),
      findingCounts: this.#findings.counts,
      findingTotal: this.#findings.total,
      refusedChanges: changes.filter(({ outcome }) => outcome === 'refused').map(changeFinding),
    }
  }

  /** Removes what was stored on the way. */
  close(): void {
    this.#partitions.remove()
  }

  #add(record: BatchRecord): void {
    this.#partitions.add(batchIdOf(record), record)
  }

  #lost(lines: number, since: string, until: string, instance: string): void {
    if (Date.parse(until) < this.#interval.since || Date.parse(since) >= this.#interval.until) return
    const detail = `${lines} lines of ${instance} were lost from ${since} to ${until}: their signatures seem unexplained.`
    this.#findings.add({ kind: 'lines_lost', time: since, detail })
  }

  #isWithin(time: number, graceMs = 0): boolean {
    return time >= this.#interval.since - graceMs && time < this.#interval.until + graceMs
  }
}
