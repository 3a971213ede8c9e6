import type { LogFile } from '../../audit/trail/log-lines.ts'
import { readLog, type SearchedLog } from '../../audit/trail/read-log.ts'
import type { Terminal } from '../../cli/terminal.ts'
import { issuanceLine } from '../../issuance/issuance-line.ts'
import type { IssuedRecord } from '../../issuance/issuance-record.ts'
import type { ReadProgress } from './log-reading.ts'

/** The token's own lines, and those of the calls that signed it. */
export async function searchIssuance(
  files: readonly LogFile[],
  auditId: string,
  correlationIds: ReadonlySet<string>,
  terminal: Terminal,
  progress: ReadProgress,
) {
  const [issued, together, logs]: [IssuedRecord[], IssuedRecord[], SearchedLog[]] = [[], [], []]
  const needles = [auditId, ...correlationIds].map((text) => Buffer.from(text))
  for (const file of files) {
    const read = await readLog(file, 'issuance', terminal.stdin, progress.of(file), (line) => {
      if (!needles.some((needle) => line.indexOf(needle) !== -1)) {
        return true
      }
      const record = issuanceLine(line)
      if (record === 'broken') {
        return false
      }
      if (record?.event !== 'issued') {
        return true
      }
      if (record.auditId === auditId) {
        issued.push(record)
      } else if (correlationIds.has(record.correlationId)) {
        together.push(record)
      }
      return true
    })
    logs.push(read)
  }
  return { issued, together, logs }
}
