import type { Row } from '../../test/faults/harness/rows.ts'

/** The rows that the tests have handed over, by name. @param read throws where no test handed over any */
export function readRows(read: () => string): Row[] {
  let text: string
  try {
    text = read()
  } catch {
    return []
  }
  const rows = text.trimEnd().split('\n')
  return rows.map((line) => JSON.parse(line) as Row).sort((a, b) => (a.fault < b.fault ? -1 : 1))
}

/** The suite's result as a Markdown table: what callers got while each fault came and went. */
export function faultTable(rows: readonly Row[]): string {
  const codes = (row: Row) =>
    Object.entries(row.codes)
      .sort(([, a], [, b]) => b - a)
      .map(([code, count]) => `\`${code}\` ${count}`)
      .join(', ')
  const lines = rows.map((row) => {
    const recovery = row.recoverySeconds === undefined ? 'never' : row.recoverySeconds.toFixed(1)
    const cells = [row.fault, row.tokens, row.refusals, row.anythingElse, recovery, codes(row)]
    return `| ${cells.join(' | ')} |`
  })
  return [
    '| fault | tokens good | clear refusals | anything else | recovery (s) | codes of the refusals |',
    '|---|---:|---:|---:|---:|---|',
    ...lines,
  ].join('\n')
}
