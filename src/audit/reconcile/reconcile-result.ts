import type { WatchedMounts } from '../changes/change-rules.ts'
import type { ExpectedChange } from '../changes/expected-changes.ts'
import type { AllowedSigners } from '../changes/signing-power.ts'
import type { Finding, FindingKind } from '../findings.ts'
import type { SignatureCounts } from './batch-verdict.ts'
import type { Verdict } from './verdict.ts'

/** What is reconciled. Times in milliseconds since the epoch. */
export interface Interval {
  since: number
  until: number
  /** time before and after that is read too, since a call and its token have different times, and hosts different clocks */
  graceMs: number
}

/** What is watched in Vault. */
export interface Watched {
  mounts: WatchedMounts
  /** without slashes at its ends; empty for the root's */
  namespace: string
  signers: AllowedSigners
  expected: readonly ExpectedChange[]
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
  /** changes that were planned, and plans of which nothing was seen */
  expectedChanges: Finding[]
  unseenChanges: ExpectedChange[]
  verdict: Verdict
  /** logs without correlation ids, whose calls were known by hash */
  withoutCorrelationIds: string[]
}

/** Signers that are reported by name; more are reported as others. */
const mostNames = 50

/** Signatures by who had them made. */
export class SignerCounts {
  readonly #counts = new Map<string, number>()

  add(by: string, signatures: number): void {
    if (signatures === 0) {
      return
    }
    const name = this.#counts.has(by) || this.#counts.size < mostNames ? by : 'others'
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + signatures)
  }

  byName(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }
}
