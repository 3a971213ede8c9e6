import type { Finding } from '../findings.ts'
import type { LogKind, SearchedLog } from '../trail/read-log.ts'

/** What is compared; times in milliseconds since the epoch. */
interface Span {
  since: number
  until: number
}

/** The files of one log, and what they cover together. */
interface CoveredLog {
  name: string
  entries: number
  first: number
  last: number
}

function logsOf(files: readonly SearchedLog[]): CoveredLog[] {
  return Array.from(Map.groupBy(files, ({ log }) => log).values(), (parts) => {
    const times = (ends: readonly (string | null)[]) =>
      ends.filter((end) => end !== null).map((end) => Date.parse(end))
    return {
      name: parts.map(({ file }) => file).join(', '),
      entries: parts.reduce((sum, { entries }) => sum + entries, 0),
      first: Math.min(...times(parts.map(({ first }) => first))),
      last: Math.max(...times(parts.map(({ last }) => last))),
    }
  })
}

const owner: Record<LogKind, string> = { audit: "Vault's audit log", issuance: "Padlock's issuance log" }
const timeText = (ms: number) => new Date(ms).toISOString()

/**
 * What is missing in the logs themselves. A log with its rotated files is looked at as one, and each log by itself: what
 * one node wrote says nothing of another.
 *
 * @param happened a part in which nothing happened need not be covered
 */
export function coverageFindings(
  kind: LogKind,
  files: readonly SearchedLog[],
  { since, until }: Span,
  happened: (since: number, until: number) => boolean = () => true,
): Finding[] {
  return logsOf(files).flatMap(({ name: file, entries, first, last }): Finding[] => {
    if (entries === 0) {
      const detail = `${file} has no entry of ${owner[kind]}: it is empty, another file, or in a form that is not known.`
      return [{ kind: 'log_unusable', time: null, detail, file }]
    }
    const gaps = [
      ...(first > since && happened(since, first)
        ? [`begins at ${timeText(first)}, after ${timeText(since)}`]
        : []),
      ...(last < until && happened(last, until)
        ? [`ends at ${timeText(last)}, before ${timeText(until)}`]
        : []),
    ]
    if (gaps.length === 0) {
      return []
    }
    return [{ kind: 'log_gap', time: null, detail: `${file} ${gaps.join(', and ')}.`, file }]
  })
}
