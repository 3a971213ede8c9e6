import { appendFileSync } from 'node:fs'

/** One line of the table that the suite ends with. */
export interface Row {
  fault: string
  tokens: number
  refusals: number
  anythingElse: number
  /** codes of the refusals, with how many there were of each */
  codes: Record<string, number>
  /** until every request that arrived got a token, from the end of the cause; undefined where it never ended */
  recoverySeconds: number | undefined
}

/** Hands a row to the runner, `tools/test/faults.ts`, which names the file. */
export function report(row: Row): void {
  const file = process.env.FAULT_ROWS
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify(row)}\n`)
  }
}
