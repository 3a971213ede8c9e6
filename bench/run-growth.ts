import { figuresOf } from './figures.ts'
import { growth } from './offered.ts'
import { writeReport } from './report.ts'
import { readMemory, readResults } from './results.ts'
import { runBench } from './session.ts'
import { offeredTable } from './tables.ts'
import { startGround } from './targets/ground.ts'
import { padlock } from './targets/padlock.ts'

// `make bench-growth`: the offered load of `make bench` by itself, and the memory of `make bench-memory`, put into its report.
const log = (line: string) => console.log(line)

await runBench(log, async (cleanup) => {
  const results = readResults()
  const target = await padlock(cleanup, await startGround(cleanup, 2048), 'Padlock')
  const offered = await growth(target, log)
  log(offeredTable(offered))
  const figures = figuresOf(results.cells, offered, readMemory(), results.starts)
  writeReport({ ...results, offered, figures })
  return 0
})
