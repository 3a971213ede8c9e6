import { figuresOf } from './figures.ts'
import { limitsOf } from './limits.ts'
import { type Cell, measure, type Plan } from './measure.ts'
import { overload } from './overload.ts'
import { writeReport } from './report.ts'
import { machine, readMemory } from './results.ts'
import { runBench } from './session.ts'
import { measureStarts } from './starts.ts'
import { cellTable, figureTable, limitTable, overloadTables } from './tables.ts'
import { startGround, startTargets } from './targets/ground.ts'
import type { Cleanup, Target, TargetName } from './targets/target.ts'

// `make bench` measures all; `make bench-quick` (--quick) a part of it, and writes nothing.
const quick = process.argv.includes('--quick')
const log = (line: string) => console.log(line)

/** The cells of a plan: each number of connections, and at each of them every target. */
function cellsOf(targets: Target[], names: TargetName[], connections: number[]): Plan['cells'] {
  return connections.flatMap((count) =>
    targets.filter(({ name }) => names.includes(name)).map((target) => ({ target, connections: count })),
  )
}

/** RSA with 2,048 bits, in both layouts. */
function throughput(targets: Target[]): Promise<Cell[]> {
  const names: TargetName[] = [
    ...(['raw Vault', 'Padlock, no batches', 'Padlock', 'plain service', 'key in memory'] as const),
  ]
  const single = cellsOf(targets, names, quick ? [8, 128] : [1, 8, 32, 128, 512])
  const batches = cellsOf(targets, ['raw Vault, batches'], quick ? [4] : [1, 2, 4, 8])
  const cells = [...single, ...batches]
  const plan: Plan = { layouts: ['A', 'B'], rounds: quick ? 2 : 5, seconds: quick ? 1 : 2, cells }
  return measure(plan, log)
}

/** The smaller table: RSA with 3,072 bits. */
async function larger(cleanup: Cleanup): Promise<Cell[]> {
  log('RSA with 3,072 bits')
  const targets = await startTargets(cleanup, await startGround(cleanup, 3072))
  const cells = cellsOf(targets, ['raw Vault', 'Padlock', 'plain service'], [8, 128])
  return measure({ layouts: ['B'], rounds: 3, seconds: 2, cells }, log)
}

await runBench(log, async (cleanup, vault) => {
  const ground = await startGround(cleanup, 2048)
  log('Padlock starts')
  const starts = await measureStarts(ground, quick ? 2 : 5)
  const targets = await startTargets(cleanup, ground)
  const cells = await throughput(targets)
  const named = (name: TargetName) => targets.find((one) => one.name === name) as Target
  const beyond = quick
    ? { offered: [], returning: [], stalls: [] }
    : await overload(named('Padlock'), named('raw Vault'), log)
  const cells3072 = quick ? [] : await larger(cleanup)
  const figures = figuresOf(cells, beyond, quick ? undefined : readMemory(), starts)
  const limits = limitsOf(cells)
  log(`\n${cellTable([...cells, ...cells3072])}\n\n${limitTable(limits)}\n`)
  if (!quick) {
    log(`${overloadTables(beyond)}\n`)
  }
  log(figureTable(figures))
  if (!quick) {
    const date = new Date().toISOString().slice(0, 10)
    const about = { date, machine: machine(), vault, node: process.versions.node }
    writeReport({ ...about, figures, cells, cells3072, limits, ...beyond, starts })
    log(
      '\nWritten: bench/results.json, the charts beside it, and the parts of README.md, docs/performance.md and docs/operations.md.',
    )
  }
  return 0
})
