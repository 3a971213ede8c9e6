/** A signing call as one entry of Vault's audit log records it. */
export interface CallRecord {
  kind: 'call'
  /** false for the entry of a request */
  answered: boolean
  correlationId: string | undefined
  requestId: string
  /** milliseconds since the epoch */
  time: number
  /** index of the log that it stands in */
  log: number
  /** the audit device that logged it; undefined where it stands in clear, or where nobody asked */
  device?: string | undefined
  /** true where it was logged by none of this Vault's devices as they are now */
  foreign: boolean
  key: string
  isRs256: boolean
  by: string
  /** what was asked for, as it stands in the log, and the version that signed it, 0 for none */
  items: [input: string, keyVersion: number][]
}

/** What Padlock was about to ask for in one call. */
export interface AskRecord {
  kind: 'asked'
  correlationId: string
  time: number
  key: string
  keyVersion: number
  auditIds: string[]
}

/** A token that Padlock made. */
export interface TokenRecord {
  kind: 'issued'
  correlationId: string
  time: number
  key: string
  keyVersion: number
  auditId: string
  requestId: string
  profile: string
}

export type BatchRecord = CallRecord | AskRecord | TokenRecord

/** All that two logs say of one correlation id; a call without one is a group of its own. */
export interface Batch {
  correlationId: string | undefined
  /** milliseconds since the epoch, of whatever came first */
  time: number
  /** answered calls, each once, whatever number of devices has it */
  calls: CallRecord[]
  /** requests whose answer is in no log */
  unanswered: number
  asked: AskRecord[]
  issued: TokenRecord[]
}

export const batchIdOf = (record: BatchRecord): string =>
  record.correlationId ?? `request ${(record as CallRecord).requestId}`

/** Puts the records of one partition together. */
export function batchesOf(records: readonly BatchRecord[]): Batch[] {
  return Array.from(Map.groupBy(records, batchIdOf).values(), (group) => {
    const calls = new Map<string, CallRecord>()
    const tokens = new Map<string, TokenRecord>()
    const asked: AskRecord[] = []
    for (const record of group) {
      if (record.kind === 'asked') {
        asked.push(record)
      }
      // A log that was given twice, under two names, has each token twice.
      else if (record.kind === 'issued') {
        tokens.set(record.requestId, record)
      } else if (record.answered || !calls.has(record.requestId)) {
        if (!calls.get(record.requestId)?.answered) {
          calls.set(record.requestId, record)
        }
      }
    }
    const all = [...calls.values()]
    return {
      correlationId: group[0]?.correlationId,
      time: Math.min(...group.map(({ time }) => time)),
      calls: all.filter(({ answered }) => answered),
      unanswered: all.filter(({ answered }) => !answered).length,
      asked,
      issued: [...tokens.values()],
    }
  })
}
