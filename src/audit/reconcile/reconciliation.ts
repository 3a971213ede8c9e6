import { issuanceLine } from '../../issuance/issuance-line.ts'
import { ChangeRules, type WatchedMounts } from '../changes/change-rules.ts'
import { ChangeWatch, changeFinding, strangerFinding } from '../changes/changes.ts'
import { ExpectedChanges } from '../changes/expected-changes.ts'
import { SigningPower } from '../changes/signing-power.ts'
import { Findings } from '../findings.ts'
import type { SearchedLog } from '../trail/read-log.ts'
import { identityText, signingRequest } from '../trail/vault-entry.ts'
import { AuditLines } from './audit-lines.ts'
import type { CallRecord } from './batch-records.ts'
import { BatchStore } from './batch-store.ts'
import { BatchJudge, type ProbeMark, type SignatureCounts } from './batch-verdict.ts'
import { coverageFindings } from './coverage.ts'
import type { HashCheck } from './hash-check.ts'
import { type Interval, type ReconcileResult, SignerCounts, type Watched } from './reconcile-result.ts'
import { verdictOf } from './verdict.ts'

/** Compares Vault's audit logs with Padlock's issuance logs: first all lines of both, in any order, then the verdict. */
export class Reconciliation {
  readonly #interval: Interval
  readonly #mounts: WatchedMounts
  readonly #namespace: string
  readonly #batches: BatchStore
  readonly #power: SigningPower
  readonly #changes: ChangeWatch
  readonly #findings = new Findings()
  readonly #signers = new SignerCounts()
  readonly #audit: AuditLines
  readonly #hashes: HashCheck | undefined
  readonly #expected: ExpectedChanges
  #issued = 0

  /**
   * @param partitions see `partitionCount`
   * @param hashes undefined where nothing is to be proved by hash
   */
  constructor(
    interval: Interval,
    { mounts, namespace, signers, expected }: Watched,
    partitions: number,
    hashes: HashCheck | undefined,
  ) {
    this.#hashes = hashes
    this.#interval = interval
    this.#mounts = mounts
    this.#batches = new BatchStore(partitions)
    this.#namespace = namespace
    this.#power = new SigningPower(signers, namespace)
    this.#expected = new ExpectedChanges(expected)
    this.#changes = new ChangeWatch(new ChangeRules(mounts, namespace), this.#power)
    this.#audit = new AuditLines(mounts, signers.policies, namespace)
  }

  /** @param log index of the log. @returns false for a line that seems to be an entry and cannot be read */
  addAuditLine(line: Buffer, log: number): boolean {
    const entry = this.#audit.entry(line)
    if (entry === 'broken') {
      return false
    }
    if (entry === undefined || !this.#isWithin(entry.time, this.#interval.graceMs)) {
      return true
    }
    if (this.#isWithin(entry.time)) {
      this.#changes.look(entry)
    }
    if (entry.namespace !== this.#namespace) {
      return true
    }
    const request = signingRequest(entry, this.#mounts.transit)
    if (!request?.key.startsWith('padlock-')) {
      return true
    }
    const device = this.#hashes?.deviceOf(entry.data.signature_algorithm)
    const call: CallRecord = {
      kind: 'call',
      answered: entry.type === 'response',
      ...{ correlationId: entry.correlationId, requestId: entry.requestId, time: entry.time, log },
      ...(device === 'foreign' ? { foreign: true } : { foreign: false, device }),
      ...{ key: request.key, isRs256: request.isRs256, by: identityText(entry.by) },
      items: request.items.map(({ input, keyVersion }) => [input, keyVersion]),
    }
    this.#batches.add(call)
    return true
  }

  /** @returns false for a line that seems to be one of the issuance log's and cannot be read */
  addIssuanceLine(line: Buffer): boolean {
    const record = issuanceLine(line)
    if (record === 'broken') {
      return false
    }
    if (record === undefined) {
      return true
    }
    const time = Date.parse(record.time)
    if (record.event === 'lost') {
      this.#lost(record.lines, record.since, record.until, record.instance)
      return true
    }
    if (!this.#isWithin(time, this.#interval.graceMs)) {
      return true
    }
    const { correlationId, key, keyVersion } = record
    if (record.event === 'asked') {
      this.#batches.add({ kind: 'asked', correlationId, time, key, keyVersion, auditIds: record.auditIds })
      return true
    }
    const { auditId, requestId, profile } = record
    this.#issued += 1
    this.#batches.add({ kind: 'issued', correlationId, time, key, keyVersion, auditId, requestId, profile })
    return true
  }

  /** Lines that could not be read. */
  addUnreadable(file: string, lines: number): void {
    if (lines === 0) {
      return
    }
    const detail = `${lines} line${lines === 1 ? '' : 's'} of ${file} cannot be read: what stood there is unknown.`
    this.#findings.add({ kind: 'lines_unreadable', time: null, detail, file })
  }

  /**
   * The verdict. It is given once.
   *
   * @param logs what was read of Vault's, in the order of their indexes
   * @param sample tokens whose hashes are looked at, about; Infinity for all
   * @throws what asking Vault throws
   */
  async judge(
    logs: readonly SearchedLog[],
    issuanceLogs: readonly SearchedLog[],
    probe: ProbeMark,
    sample: number,
  ): Promise<ReconcileResult> {
    // What has no correlation id is compared by hash, all of it.
    const share = this.#batches.comparesByHash ? 1 : sample / Math.max(1, this.#issued)
    const judge = new BatchJudge(this.#findings, probe, this.#hashes, share)
    for await (const all of this.#batches.batches(this.#hashes, probe)) {
      const batches = all.filter(({ time }) => this.#isWithin(time))
      for (const { calls } of batches) {
        for (const { by, items } of calls) {
          this.#signers.add(by, items.filter(([, version]) => version > 0).length)
        }
      }
      // Enough at once to keep Vault busy.
      for (let i = 0; i < batches.length; i += 64) {
        await Promise.all(batches.slice(i, i + 64).map((batch) => judge.judge(batch)))
      }
    }
    judge.finish(logs.map(({ file }) => file))
    const gaps = coverageFindings('audit', logs, this.#interval)
    // Where Vault's logs are whole, they show whether Padlock had anything to write.
    const happened = (since: number, until: number) => gaps.length > 0 || judge.happened(since, until)
    gaps.push(...coverageFindings('issuance', issuanceLogs, this.#interval, happened))
    for (const gap of gaps) {
      this.#findings.add(gap)
    }
    return {
      ...this.#judgeChanges(judge.counts),
      ...{ counts: judge.counts, signers: this.#signers.byName() },
      withoutCorrelationIds: this.#batches.logsByHash.map((log) => (logs[log] as SearchedLog).file),
    }
  }

  /** Removes what was stored on the way. */
  close(): void {
    this.#batches.remove()
  }

  #judgeChanges(
    counts: SignatureCounts,
  ): Omit<ReconcileResult, 'counts' | 'signers' | 'withoutCorrelationIds'> {
    const changes = this.#changes.changes()
    const refused = changes.filter(({ outcome }) => outcome === 'refused')
    const done = Object.groupBy(
      changes.filter(({ outcome }) => outcome !== 'refused'),
      (change) => (this.#expected.includes(change) ? 'expected' : 'others'),
    )
    for (const change of done.others ?? []) {
      this.#findings.add(changeFinding(change))
    }
    for (const stranger of this.#power.strangers()) {
      this.#findings.add(strangerFinding(stranger))
    }
    const { signatures, unexplained, unsigned } = counts
    const accountedFor = Math.max(0, signatures - unexplained)
    const expectedChanges = (done.expected ?? []).map(changeFinding)
    const numbers = { signatures, accountedFor, unsigned, expectedChanges: expectedChanges.length }
    return {
      findings: this.#findings.sorted(),
      findingCounts: this.#findings.counts,
      findingTotal: this.#findings.total,
      refusedChanges: refused.map(changeFinding),
      ...{ expectedChanges, unseenChanges: this.#expected.unseen() },
      verdict: verdictOf(numbers, this.#findings.counts),
    }
  }

  #lost(lines: number, since: string, until: string, instance: string): void {
    if (Date.parse(until) < this.#interval.since || Date.parse(since) >= this.#interval.until) {
      return
    }
    const detail = `${lines} lines of ${instance} were lost from ${since} to ${until}: their signatures seem unexplained.`
    this.#findings.add({ kind: 'lines_lost', time: since, detail })
  }

  #isWithin(time: number, graceMs = 0): boolean {
    return time >= this.#interval.since - graceMs && time < this.#interval.until + graceMs
  }
}
