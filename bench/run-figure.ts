import { measure } from './measure.ts'
import { readerFigures, readerTable } from './reader.ts'
import { runBench } from './session.ts'
import { startGround } from './targets/ground.ts'
import { padlock } from './targets/padlock.ts'
import { plainService } from './targets/plain-service.ts'
import { rawVault } from './targets/raw-vault.ts'
import type { Target } from './targets/target.ts'

// `make bench-figure FIGURE=tokens`: one of the README's figures by itself; writes nothing.
const log = (line: string) => console.log(line)

await runBench(log, async (cleanup) => {
  const [, , name = ''] = process.argv
  const figure = Object.hasOwn(readerFigures, name) ? readerFigures[name] : undefined
  if (figure === undefined) {
    throw new Error(`FIGURE is none of ${Object.keys(readerFigures).join(', ')}: give one of them.`)
  }
  const ground = await startGround(cleanup, 2048)
  const targets: Target[] = [
    rawVault(ground, 1),
    await padlock(cleanup, ground, 'Padlock'),
    await plainService(cleanup, ground),
  ]
  const cells = figure.cells.map(({ target, connections }) => ({
    target: targets.find((one) => one.name === target) as Target,
    connections,
  }))
  log(readerTable(await measure({ layouts: ['B'], rounds: 5, seconds: 2, cells }, log)))
  return 0
})
