import { watchMemory } from './memory.ts'
import { writeMemory } from './results.ts'
import { runBench } from './session.ts'
import { startGround } from './targets/ground.ts'
import { padlock } from './targets/padlock.ts'

// `make bench-memory`: ten minutes at 512 connections. `make bench` then reports it.
const seconds = 600
const log = (line: string) => console.log(line)

await runBench(log, async (cleanup) => {
  const target = await padlock(cleanup, await startGround(cleanup, 2048), 'Padlock')
  const result = await watchMemory(target, seconds, log)
  writeMemory(result)
  log(`At most ${result.mostMb} MB; the last third ÷ the third before: ${result.growth.toFixed(3)}.`)
  if (result.errors > 0) {
    log(`${result.errors} errors.`)
  }
  return result.errors > 0 ? 1 : 0
})
