import { type IssuanceRecord, isIssuanceRecord } from './issuance-record.ts'

/** A line that is one of the issuance log's, `broken` when it seems to be one and cannot be read, else undefined. */
export type IssuanceLine = IssuanceRecord | 'broken' | undefined

const brace = 0x7b
/** Stands in lines of the issuance log; a cut line may have lost what is before or behind it. */
const mark = /"(event|auditIds?|correlationId|subjectKey|instance)"\s*:/

/** Padlock's own log has `level` and `msg`, and may stand between these lines. */
const isOwnLog = (value: object) => 'level' in value && 'msg' in value

/**
 * Reads a line of a log that may hold others too, such as Padlock's own on standard output. What is JSON, is no line of
 * Padlock's own log and has a field of this one must be whole, of a known kind, and at a time that there is.
 */
export function issuanceLine(line: Buffer): IssuanceLine {
  const text = line.toString()
  const isMarked = mark.test(text)
  // A line that begins as JSON and does not end as such is cut, whatever it was.
  // Zeros are of a file system that had not written a block when the power failed.
  if (!isMarked && line[0] !== brace && line[0] !== 0) {
    return undefined
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'broken'
  }
  if (isIssuanceRecord(value)) {
    return value
  }
  return isMarked && typeof value === 'object' && value !== null && !isOwnLog(value) ? 'broken' : undefined
}
