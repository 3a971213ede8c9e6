import { execFileSync } from 'node:child_process'
import { findVaultBinary } from '../src/dev/vault-binary.ts'
import { figuresOf } from './figures.ts'
import { type OfferedResult, offerLoad, vegetaBinary } from './load/vegeta.ts'
import { type Cell, measure, type Plan } from './measure.ts'
import { cellTable, figureTable, machine, offeredTable, writeReport } from './report.ts'
import { startTargets, type Target, type TargetName } from './targets.ts'
import { pin } from './usage.ts'

// `make bench` measures all; `make bench-quick` (--quick) a part of it, and writes nothing.
const quick = process.argv.includes('--quick')
const log = (line: string) => console.log(line)
const works: (() => unknown)[] = []
const cleanup = { teardown: (work: () => unknown) => void works.unshift(work) }

/** The cells of a plan: each number of connections, and at each of them every target. */
function cellsOf(targets: Target[], names: TargetName[], connections: number[]): Plan['cells'] {
  return connections.flatMap((count) =>
    targets.filter(({ name }) => names.includes(name)).map((target) => ({ target, connections: count })),
  )
}

async function throughput(targets: Target[]): Promise<Cell[]> {
  const names: TargetName[] = [
    'raw Vault',
    'Padlock, no batches',
    'Padlock',
    'plain service',
    'key in memory',
  ]
  const single = cellsOf(targets, names, quick ? [8, 128] : [1, 8, 32, 128, 512])
  const batches = cellsOf(targets, ['raw Vault, batches'], quick ? [4] : [1, 2, 4, 8])
  const plan = { layouts: ['A', 'B'] as const, rounds: quick ? 2 : 3, seconds: quick ? 1 : 2 }
  return measure({ ...plan, layouts: [...plan.layouts], cells: [...single, ...batches] }, log)
}

/** Offers from a tenth of the capacity to ten times it. */
async function growth(padlock: Target, capacity: number): Promise<OfferedResult[]> {
  const vegeta = await vegetaBinary()
  const steps: OfferedResult[] = []
  for (const times of [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]) {
    const perSecond = Math.max(1, Math.round(capacity * times))
    log(`offered load: ${perSecond} a second`)
    const url = padlock.url + (padlock.env.BENCH_PATH as string)
    steps.push(await offerLoad(vegeta, url, padlock.env.BENCH_TOKEN as string, perSecond, 4))
  }
  return steps
}

function named(targets: Target[], name: TargetName): Target {
  return targets.find((target) => target.name === name) as Target
}

async function main(): Promise<number> {
  for (const program of ['wrk', 'taskset']) {
    try {
      execFileSync('which', [program], { stdio: 'ignore' })
    } catch {
      throw new Error(`The benchmark needs ${program}: install it (Debian: apt-get install wrk util-linux).`)
    }
  }
  const binary = await findVaultBinary({ log })
  process.env.VAULT_BIN = binary.path
  const { targets, vaultPid } = await startTargets(cleanup, 'rsa-2048')
  const cells = await throughput(targets)
  let offered: OfferedResult[] = []
  let cells3072: Cell[] = []
  if (!quick) {
    pin(vaultPid, '0,1')
    const capacity = Math.max(
      ...cells
        .filter((c) => c.layout === 'B' && c.target === 'Padlock' && c.connections === 128)
        .map((c) => c.perSecond.median),
    )
    offered = await growth(named(targets, 'Padlock'), capacity)
    log('RSA with 3,072 bits')
    const larger = await startTargets(cleanup, 'rsa-3072')
    const names: TargetName[] = ['raw Vault', 'Padlock', 'plain service']
    cells3072 = await measure(
      { layouts: ['B'], rounds: 3, seconds: 2, cells: cellsOf(larger.targets, names, [8, 128]) },
      log,
    )
  }
  const figures = figuresOf(cells, offered)
  log(`\n${cellTable([...cells, ...cells3072])}\n`)
  if (offered.length > 0) log(`${offeredTable(offered)}\n`)
  log(figureTable(figures))
  if (!quick) {
    const date = new Date().toISOString().slice(0, 10)
    const versions = { vault: binary.version, node: process.versions.node }
    writeReport({ date, machine: machine(), ...versions, figures, cells, cells3072, offered })
    log(
      '\nWritten: bench/results.json, bench/throughput.svg, bench/growth.svg, and the figures of README.md.',
    )
  }
  const errors = [...cells, ...cells3072].reduce((sum, cell) => sum + cell.errors, 0)
  if (errors > 0) log(`${errors} errors: an answer that is no token, or a broken connection.`)
  return errors > 0 ? 1 : 0
}

let code = 1
try {
  code = await main()
} catch (error) {
  console.error((error as Error).message)
} finally {
  for (const work of works) await work()
}
process.exit(code)
