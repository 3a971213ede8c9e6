import { type Batch, type BatchRecord, batchesOf, batchIdOf, type CallRecord } from './batch-records.ts'
import type { ProbeMark } from './batch-verdict.ts'
import { CallsWithoutId } from './calls-without-id.ts'
import type { HashCheck } from './hash-check.ts'
import { Partitions } from './partitions.ts'

/** What both logs say of each call to Vault, kept on disk and put together by the call's correlation id. */
export class BatchStore {
  readonly #count: number
  readonly #withoutId: CallsWithoutId
  #records: Partitions<BatchRecord>

  /** @param partitions see `partitionCount` */
  constructor(partitions: number) {
    this.#count = partitions
    this.#records = new Partitions(partitions)
    this.#withoutId = new CallsWithoutId(partitions)
  }

  /** Takes what a log says of a call. */
  add(record: BatchRecord): void {
    if (record.kind !== 'call' || !this.#withoutId.take(record as CallRecord)) {
      this.#records.add(batchIdOf(record), record)
    }
  }

  /** Whether a log has no correlation ids: its calls are compared by hash, all of them. */
  get comparesByHash(): boolean {
    return this.#withoutId.isNeeded
  }

  /** Indexes of the logs whose calls were known by hash. */
  get logsByHash(): number[] {
    return [...this.#withoutId.logs]
  }

  /**
   * All that is known of each call, some partitions after the other. It is given once.
   *
   * @throws what asking Vault throws
   */
  async *batches(hashes: HashCheck | undefined, probe: ProbeMark): AsyncGenerator<Batch[]> {
    await this.#addCallsWithoutId(hashes, probe)
    for (const records of this.#records.read()) {
      yield batchesOf(records)
    }
  }

  /** Removes what was stored. */
  remove(): void {
    this.#records.remove()
    this.#withoutId.remove()
  }

  /** Puts each call without a correlation id to what Padlock asked for, where hashes can say so. */
  async #addCallsWithoutId(hashes: HashCheck | undefined, probe: ProbeMark): Promise<void> {
    const put = (record: BatchRecord) => this.#records.add(batchIdOf(record), record)
    if (this.#withoutId.isNeeded && hashes !== undefined) {
      const read = this.#records
      this.#records = new Partitions(this.#count)
      for (const records of read.read()) {
        await this.#withoutId.note(records, hashes)
        for (const record of records) {
          put(record)
        }
      }
      read.remove()
    }
    for await (const calls of this.#withoutId.known(hashes, probe)) {
      for (const call of calls) {
        put(call)
      }
    }
  }
}
