import type { Row } from '../../test/faults/harness/rows.ts'

/** The rows that the tests have handed over, the last one of each fault. @param read throws where there are none */
export function readRows(read: () => string): Row[] {
  let text: string
  try {
    text = read()
  } catch {
    return []
  }
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  return [...new Map(rows.map((row) => [row.fault, row])).values()]
}

/** The codes of the refusals, the most frequent first, with how many there were of each on each server. */
function codesOf(rows: readonly (Row | undefined)[]): string {
  const counts = (code: string) => rows.map((row) => row?.codes[code] ?? 0)
  const sum = (code: string) => counts(code).reduce((all, count) => all + count, 0)
  const codes = new Set(rows.flatMap((row) => Object.keys(row?.codes ?? {})))
  return [...codes]
    .sort((a, b) => sum(b) - sum(a))
    .map((code) => `\`${code}\` ${counts(code).join(' / ')}`)
    .join(', ')
}

function cellsOf(row: Row | undefined): string[] {
  if (row === undefined) {
    return ['', '', '', '']
  }
  const { tokens, refusals, anythingElse, recoverySeconds } = row
  return [...[tokens, refusals, anythingElse].map(String), recoverySeconds?.toFixed(1) ?? 'never']
}

/**
 * The suite's results as a Markdown table: what callers got while each fault came and went, by the order of the names.
 *
 * @param results rows by the name of the server; one without rows is left out
 */
export function faultTable(results: Readonly<Record<string, readonly Row[]>>): string {
  const servers = Object.entries(results).filter(([, rows]) => rows.length > 0)
  const faults = [...new Set(servers.flatMap(([, rows]) => rows.map(({ fault }) => fault)))].sort()
  const columns = servers.flatMap(([name]) => [
    `${name}: tokens good`,
    'clear refusals',
    'anything else',
    'recovery (s)',
  ])
  const lines = faults.map((fault) => {
    const found = servers.map(([, rows]) => rows.find((row) => row.fault === fault))
    return [fault, ...found.flatMap(cellsOf), codesOf(found)]
  })
  return [
    ['fault', ...columns, 'codes of the refusals'],
    ['---', ...columns.map(() => '---:'), '---'],
    ...lines,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
