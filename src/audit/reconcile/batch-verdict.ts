import type { Findings } from '../findings.ts'
import { type Difference, differenceByCount, differenceByHash, sidesOf, sumOf } from './batch-comparison.ts'
import type { Batch, CallRecord } from './batch-records.ts'
import { clearOf, type HashCheck } from './hash-check.ts'

/** What the signatures of an interval were. */
export interface SignatureCounts {
  signatures: number
  /** they went out as tokens; the rest below */
  issued: number
  /** Padlock asked for them and made no token of them: too late, hung up, or a process that was killed */
  notIssued: number
  probes: number
  /** of the tokens: known by their own hash, or by their call's correlation id and number alone */
  provedByHash: number
  provedByCount: number
  /** requests whose answer is in no log */
  unanswered: number
  /** signatures that nothing explains, and tokens without a signature */
  unexplained: number
  unsigned: number
}

/** How a probe of Padlock's is known. */
export interface ProbeMark {
  correlationPrefix: string
  /** auditId of what every probe signs */
  auditId: string
}

const timeText = (ms: number) => new Date(ms).toISOString()
const signedItems = (calls: readonly CallRecord[]) =>
  calls.flatMap(({ items }) => items).filter(([, version]) => version > 0).length
const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** Judges batch after batch: what is explained is counted, what is not becomes a finding. */
export class BatchJudge {
  readonly counts: SignatureCounts = {
    ...{ signatures: 0, issued: 0, notIssued: 0, probes: 0 },
    ...{ provedByHash: 0, provedByCount: 0, unanswered: 0, unexplained: 0, unsigned: 0 },
  }
  readonly #findings: Findings
  readonly #probe: ProbeMark
  readonly #hashes: HashCheck | undefined
  /** the part of the batches whose hashes are looked at */
  readonly #share: number
  /** goes up by the share with each batch: the one that brings it to 1 is looked at */
  #drawn = Math.random()
  /** entries that no device of this Vault logged, by the log that they stand in */
  readonly #foreign = new Map<number, number>()

  #firstUnexplained = Number.POSITIVE_INFINITY
  #lastUnexplained = Number.NEGATIVE_INFINITY

  constructor(findings: Findings, probe: ProbeMark, hashes: HashCheck | undefined, share: number) {
    this.#findings = findings
    this.#probe = probe
    this.#hashes = hashes
    this.#share = share
  }

  /** Whether something that nothing explains was signed then; milliseconds since the epoch. */
  happened(since: number, until: number): boolean {
    return this.#firstUnexplained < until && this.#lastUnexplained >= since
  }

  async judge(batch: Batch): Promise<void> {
    const { correlationId, calls, asked, issued } = batch
    this.counts.unanswered += batch.unanswered
    for (const { foreign, log } of calls) {
      if (foreign) {
        this.#foreign.set(log, (this.#foreign.get(log) ?? 0) + 1)
      }
    }
    const signed = signedItems(calls)
    if (asked.length === 0 && issued.length === 0) {
      if (signed === 0) {
        return
      }
      if (correlationId?.startsWith(this.#probe.correlationPrefix)) {
        await this.#judgeProbe(batch, signed)
      } else {
        for (const call of calls) {
          this.#unexplained(call)
        }
      }
    } else if (signed === 0) {
      this.#unsigned(batch)
    } else {
      await this.#compare(batch)
    }
  }

  /** Reports entries of which nothing can be proved. @param names of the logs */
  finish(names: readonly string[]): void {
    for (const [log, count] of this.#foreign) {
      const file = names[log] as string
      const detail = `${plural(count, 'call')} in ${file} stand under a salt that no audit device of this Vault has.`
      this.#findings.add({ kind: 'foreign_log', time: null, detail, file })
    }
  }

  /** Vault's help, where it can be had for a batch. */
  #hashesFor({ calls }: Batch): HashCheck | undefined {
    return calls.some(({ foreign }) => foreign) ? undefined : this.#hashes
  }

  #count(unexplained: number, unsigned: number, time: number): void {
    this.counts.unexplained += unexplained
    this.counts.unsigned += unsigned
    this.#firstUnexplained = Math.min(this.#firstUnexplained, time)
    this.#lastUnexplained = Math.max(this.#lastUnexplained, time)
  }

  #unexplained(call: CallRecord): void {
    const count = signedItems([call])
    if (count === 0) {
      return
    }
    this.#count(count, 0, call.time)
    this.counts.signatures += count
    const { key, by, requestId, correlationId, time } = call
    this.#findings.add({
      kind: 'unexplained_signature',
      time: timeText(time),
      detail: `${by} had ${plural(count, 'signature')} made with ${key}, which Padlock did not ask for; Vault's request ${requestId}.`,
      ...{ by, key, requestId, unexplained: count, ...(correlationId && { correlationId }) },
    })
  }

  #unsigned({ issued, correlationId, time }: Batch): void {
    if (issued.length === 0) {
      return
    }
    this.#count(0, issued.length, time)
    this.#findings.add({
      kind: 'issuance_without_signature',
      time: timeText(time),
      detail: `${plural(issued.length, 'token')} of one call, and no signature in the audit log.`,
      ...{ correlationId: correlationId as string, key: issued[0]?.key as string, unsigned: issued.length },
      auditIds: issued.map(({ auditId }) => auditId),
    })
  }

  async #judgeProbe(batch: Batch, signed: number): Promise<void> {
    this.counts.signatures += signed
    this.counts.probes += signed
    const inputs = batch.calls.flatMap(({ items }) => items.map(([input]) => input))
    const known = await this.#hashesFor(batch)?.auditIdsOf(batch, [this.#probe.auditId])
    const isProbe = (input: string) =>
      known === undefined
        ? input.startsWith('hmac') || input === clearOf(this.#probe.auditId)
        : known.has(input)
    if (batch.calls.every(({ items }) => items.length === 1) && inputs.every(isProbe)) {
      return
    }
    const [{ by, key, requestId, time }] = batch.calls as [CallRecord]
    const detail = `${by} signed something else than a probe with ${key}, under a correlation id of probes.`
    this.counts.probes -= signed
    this.#count(signed, 0, time)
    this.#findings.add({
      ...{ kind: 'probe_differs', time: timeText(time), detail, by, key, requestId, unexplained: signed },
      correlationId: batch.correlationId as string,
    })
  }

  async #compare(batch: Batch): Promise<void> {
    const sides = sidesOf(batch)
    const byCount = differenceByCount(sides)
    const looks = byCount !== undefined || this.#isDrawn()
    const known = looks
      ? await this.#hashesFor(batch)?.auditIdsOf(batch, [...sides.wanted.keys()])
      : undefined
    const byHash = known && differenceByHash(sides, known)
    const signed = sumOf(sides.signed)
    const issued = Math.min(sumOf(sides.issued), signed)
    this.counts.signatures += signed + sides.otherwise
    this.counts.issued += issued
    const isSettled = known !== undefined && byHash === undefined
    if (isSettled) {
      this.counts.provedByHash += issued
    }
    // The hashes settle what numbers cannot, such as a call that stands in the logs of two devices.
    if (isSettled || (known === undefined && byCount === undefined)) {
      if (!isSettled) {
        this.counts.provedByCount += issued
      }
      this.counts.notIssued += signed - issued
      return
    }
    this.#differs(batch, byHash ?? (byCount as Difference), byHash !== undefined)
  }

  /** Each k-th batch from a start by chance: nobody can foresee which, and a short log is not left out by bad luck. */
  #isDrawn(): boolean {
    this.#drawn += Math.min(1, this.#share)
    const isDrawn = this.#drawn >= 1
    this.#drawn -= isDrawn ? 1 : 0
    return isDrawn
  }

  #differs(
    { calls, issued, correlationId, time }: Batch,
    { unexplained, unsigned }: Difference,
    byHash: boolean,
  ): void {
    this.#count(unexplained, unsigned, time)
    const parts = [
      ...(unexplained > 0 ? [`${plural(unexplained, 'signature')} that Padlock did not ask for`] : []),
      ...(unsigned > 0 ? [`${plural(unsigned, 'token')} without a signature`] : []),
    ]
    const by = [...new Set(calls.map((call) => call.by))].join(', ')
    this.#findings.add({
      kind: 'batch_differs',
      time: timeText(time),
      detail: `${parts.join(' and ')}, known by ${byHash ? 'hash' : 'number'}; signed by ${by}.`,
      ...{ correlationId: correlationId as string, by, key: calls[0]?.key as string, unexplained, unsigned },
      auditIds: issued.map(({ auditId }) => auditId),
    })
  }
}
