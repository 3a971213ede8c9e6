import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { faultTable, readRows } from './fault-table.ts'
import { runTests } from './tap-run.ts'

// Runs the fault suite, prints its table, and ends with the line "N passed, N failed". Arguments are test files. The
// rows of the last runs on Vault and on OpenBao are kept, so that one table has both; a whole run starts afresh.

const root = join(import.meta.dirname, '../..')
const suffix = process.env.PADLOCK_DEV_SERVER === 'openbao' ? '-openbao' : ''
const rowsFile = (of: string) => join(root, `.tap/fault-rows${of}`)
const named = process.argv.slice(2)

mkdirSync(join(root, '.tap'), { recursive: true })
if (named.length === 0) {
  rmSync(rowsFile(suffix), { force: true })
}
const rows = (of: string) => readRows(() => readFileSync(rowsFile(of), 'utf8'))
await runTests(
  {
    files: named.length > 0 ? named : ['test/faults'],
    // util-linux: a process that has few file descriptors.
    programs: { prlimit: 'util-linux' },
    options: ['--timeout=400', '--jobs=2'],
    env: { FAULT_ROWS: rowsFile(suffix) },
    summaryFile: `.tap/summary-faults${suffix}`,
  },
  () => console.log(`\n${faultTable({ Vault: rows(''), OpenBao: rows('-openbao') })}\n`),
)
