import type { BatchRecord, CallRecord } from './batch-records.ts'
import type { ProbeMark } from './batch-verdict.ts'
import type { HashCheck } from './hash-check.ts'
import { Partitions } from './partitions.ts'

/** What Padlock asked for, as it stands in Vault's log; time in milliseconds since the epoch. */
interface AskedHash {
  kind: 'hash'
  input: string
  correlationId: string
  time: number
}

const inputOf = (record: CallRecord | AskedHash) =>
  record.kind === 'hash' ? record.input : (record.items[0]?.[0] ?? '')

/**
 * Calls without a correlation id, as OpenBao and older Vaults log them. Which of Padlock's calls each of them is, its
 * hashes say: Vault is asked for those of all that Padlock asked for, and both are put together on disk.
 */
export class CallsWithoutId {
  readonly #groups: Partitions<CallRecord | AskedHash>
  readonly #devices = new Set<string | undefined>()
  /** indexes of logs with such calls, and of logs in which a call has an id */
  readonly #without = new Set<number>()
  readonly #with = new Set<number>()
  /** indexes of the logs whose calls were known by hash */
  readonly logs = new Set<number>()

  /** @param partitions see `partitionCount` */
  constructor(partitions: number) {
    this.#groups = new Partitions(partitions)
  }

  /** Takes a call that has no id; of others, notes that their log has ids. @returns whether it was taken */
  take(call: CallRecord): boolean {
    if (call.correlationId !== undefined) {
      this.#with.add(call.log)
    }
    if (call.correlationId !== undefined || call.foreign) {
      return false
    }
    this.#without.add(call.log)
    this.#devices.add(call.device)
    // A call that is made once more asks for some of what it asked before: one hash is enough to know it.
    this.#groups.add(inputOf(call), call)
    return true
  }

  /** Whether a log has calls, and none with an id: in any other one, a call without is somebody else's. */
  get isNeeded(): boolean {
    return this.#without.difference(this.#with).size > 0
  }

  /** Notes what Padlock asked for. @throws what asking Vault throws */
  async note(records: readonly BatchRecord[], hashes: HashCheck): Promise<void> {
    const asked = records.flatMap((record) => {
      if (record.kind === 'call') {
        return []
      }
      const auditIds = record.kind === 'asked' ? record.auditIds : [record.auditId]
      return auditIds.map((auditId) => ({ auditId, correlationId: record.correlationId, time: record.time }))
    })
    // Enough at once to keep Vault busy.
    for (let i = 0; i < asked.length; i += 64) {
      const some = asked.slice(i, i + 64).map(async ({ auditId, ...rest }) => {
        for (const device of this.#devices) {
          const input = await hashes.standsAs(auditId, device)
          this.#groups.add(input, { kind: 'hash', input, ...rest })
        }
      })
      await Promise.all(some)
    }
  }

  /** All calls, with the id of what Padlock asked for where it did. @throws what asking Vault throws */
  async *known(hashes: HashCheck | undefined, probe: ProbeMark): AsyncGenerator<CallRecord[]> {
    const probes = new Set<string>()
    for (const device of this.isNeeded ? this.#devices : []) {
      if (hashes !== undefined) {
        probes.add(await hashes.standsAs(probe.auditId, device))
      }
    }
    for (const records of this.#groups.read()) {
      for (const [input, group] of Map.groupBy(records, inputOf)) {
        yield this.#match(group, probes.has(input) ? probe.correlationPrefix : undefined)
      }
    }
  }

  remove(): void {
    this.#groups.remove()
  }

  #match(group: readonly (CallRecord | AskedHash)[], probePrefix: string | undefined): CallRecord[] {
    const asked = new Map(
      group.flatMap((record) => (record.kind === 'hash' ? [[record.correlationId, record.time]] : [])),
    )
    const uses = new Map<string, number>()
    const ids = new Map<string, string>()
    const calls = group.filter((record) => record.kind === 'call').sort((a, b) => a.time - b.time)
    return calls.map((call) => {
      if (this.#with.has(call.log)) {
        return call
      }
      const { requestId, time } = call
      // The same claims in the same second are asked for by several calls: each has its own, and the nearest.
      const [nearest] = [...asked].sort(
        ([a, at], [b, bt]) =>
          (uses.get(a) ?? 0) - (uses.get(b) ?? 0) || Math.abs(at - time) - Math.abs(bt - time),
      )
      const id = ids.get(requestId) ?? nearest?.[0] ?? (probePrefix && `${probePrefix}${requestId}`)
      if (id === undefined) {
        return call
      }
      if (!ids.has(requestId)) {
        uses.set(id, (uses.get(id) ?? 0) + 1)
      }
      ids.set(requestId, id)
      this.logs.add(call.log)
      return { ...call, correlationId: id }
    })
  }
}
