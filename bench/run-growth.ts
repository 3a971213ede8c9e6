import { figuresOf } from './figures.ts'
import { overload } from './overload.ts'
import { writeReport } from './report.ts'
import { readMemory, readResults } from './results.ts'
import { runBench } from './session.ts'
import { overloadTables } from './tables.ts'
import { startGround } from './targets/ground.ts'
import { padlock } from './targets/padlock.ts'
import { rawVault } from './targets/raw-vault.ts'

// `make bench-growth`: the offered load of `make bench` by itself, and the memory of `make bench-memory`, put into its report.
const log = (line: string) => console.log(line)

await runBench(log, async (cleanup) => {
  const results = readResults()
  const ground = await startGround(cleanup, 2048)
  const target = await padlock(cleanup, ground, 'Padlock')
  const beyond = await overload(target, rawVault(ground, 1), log)
  log(overloadTables(beyond))
  const figures = figuresOf(results.cells, beyond, readMemory(), results.starts)
  writeReport({ ...results, ...beyond, figures })
  return 0
})
