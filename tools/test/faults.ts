import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultTable, readRows } from './fault-table.ts'
import { runTests } from './tap-run.ts'

// Runs the fault suite, prints its table, and ends with the line "N passed, N failed". Arguments are test files.

const folder = mkdtempSync(join(tmpdir(), 'padlock-fault-rows-'))
const rowsFile = join(folder, 'rows')
const named = process.argv.slice(2)

await runTests(
  {
    files: named.length > 0 ? named : ['test/faults'],
    // util-linux: a process that has few file descriptors.
    programs: { prlimit: 'util-linux' },
    options: ['--timeout=400', '--jobs=2'],
    env: { FAULT_ROWS: rowsFile },
    summaryFile: '.tap/summary-faults',
  },
  () => console.log(`\n${faultTable(readRows(() => readFileSync(rowsFile, 'utf8')))}\n`),
)
rmSync(folder, { recursive: true })
