import { type IssuanceRecord, isIssuanceRecord } from './issuance-record.ts'

const eventMark = Buffer.from('event')

/** A line that is one of the issuance log's, `broken` when it seems to be one and cannot be read, else undefined. */
export type IssuanceLine = IssuanceRecord | 'broken' | undefined

/**
 * Reads a line of a log that may hold others too, such as Padlock's own on standard output, and that container
 * runtimes may have wrapped: Docker's `json-file` driver as `{"log": "…"}`, the CRI format of Kubernetes with a time, the
 * stream's name and a tag before it.
 */
export function issuanceLine(line: Buffer): IssuanceLine {
  if (line.indexOf(eventMark) === -1) return undefined
  const text = line.toString()
  try {
    let value: unknown = JSON.parse(text.slice(text.indexOf('{')))
    const wrapped = (value as { log?: unknown }).log
    if (typeof wrapped === 'string') value = JSON.parse(wrapped)
    return isIssuanceRecord(value) ? value : undefined
  } catch {
    return /\\?"event\\?":\\?"(asked|issued|lost)\\?"/.test(text) ? 'broken' : undefined
  }
}
