import { runBench } from './session.ts'
import { soak, soakVerdict } from './soak.ts'
import { startGround } from './targets/ground.ts'
import { padlock } from './targets/padlock.ts'

// `make soak`: ten minutes at 80 % of the capacity. An argument sets another number of minutes.
const minutes = Number(process.argv[2] ?? 10)
const log = (line: string) => console.log(line)

await runBench(log, async (cleanup) => {
  const target = await padlock(cleanup, await startGround(cleanup, 2048), 'Padlock')
  const { errors, memorySlope, memoryGrowth, p99Ms, good } = soakVerdict(await soak(target, minutes, log))
  log(`errors: ${errors}`)
  log(
    `memory: ${memorySlope.mbPerMinute.toFixed(3)} ± ${memorySlope.noise.toFixed(3)} MB a minute; ` +
      `the last third ÷ the third before: ${memoryGrowth.toFixed(3)}`,
  )
  log(
    `p99: ${p99Ms.start.toFixed(1)} ms at the start, ${p99Ms.end.toFixed(1)} ms at the end: × ${p99Ms.ratio.toFixed(2)}`,
  )
  log(good ? 'All is as it should be.' : 'Not as it should be: 0 errors, flat memory, p99 × 1.1 at the most.')
  return good ? 0 : 1
})
