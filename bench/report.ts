import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { lineChart, type Series } from './chart.ts'
import type { Figure } from './figures.ts'
import type { OfferedResult } from './load/vegeta.ts'
import type { Cell } from './measure.ts'

/** All that a run of the benchmark found. */
export interface Results {
  date: string
  machine: string
  vault: string
  node: string
  figures: Figure[]
  cells: Cell[]
  /** the same for RSA with 3,072 bits */
  cells3072: Cell[]
  offered: OfferedResult[]
}

const folder = import.meta.dirname
const begin = '<!-- benchmark: made by `make bench` -->'
const end = '<!-- end of benchmark -->'

export const machine = () => `${cpus().length} cores, ${cpus()[0]?.model.trim()}`

const digits = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** Rows as a Markdown table. */
function markdown(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ figure, value, reach, reached }) => [
    figure,
    digits(value),
    reach,
    reached ? 'yes' : '**no**',
  ])
  return markdown(['figure', 'measured', 'to reach', 'reached'], rows)
}

export function cellTable(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => [
    `${cell.layout}`,
    cell.target,
    String(cell.connections),
    `${digits(cell.perSecond.median)} (${digits(cell.perSecond.min)}–${digits(cell.perSecond.max)})`,
    digits(cell.p50Ms.median),
    digits(cell.p99Ms.median),
    cell.ownCpuMs === undefined ? '' : digits(cell.ownCpuMs.median),
    digits(cell.vaultCpuMs.median),
    String(cell.errors),
  ])
  return markdown(
    [
      'layout',
      'target',
      'connections',
      'a second (min–max)',
      'p50 ms',
      'p99 ms',
      'own CPU ms',
      'Vault CPU ms',
      'errors',
    ],
    rows,
  )
}

export function offeredTable(offered: readonly OfferedResult[]): string {
  const rows = offered.map((step) =>
    [step.offeredPerSecond, step.goodput, step.refusedPerSecond, step.acceptedP99Ms, step.anythingElse].map(
      digits,
    ),
  )
  return markdown(
    ['offered a second', 'tokens a second', 'refused a second', 'accepted p99 ms', 'anything else'],
    rows,
  )
}

const colours: Record<string, string> = {
  'raw Vault': '#d1242f',
  'Padlock, no batches': '#8250df',
  Padlock: '#1a7f37',
  'plain service': '#bf8700',
  'key in memory': '#0969da',
}

function throughputChart(cells: readonly Cell[]): string {
  const inB = cells.filter(({ layout, target }) => layout === 'B' && target in colours)
  const byTarget = Map.groupBy(inB, ({ target }) => target)
  const series: Series[] = Array.from(byTarget, ([name, list]) => ({
    name,
    colour: colours[name] as string,
    points: list.map(({ connections, perSecond }) => ({ x: connections, y: perSecond.median })),
  }))
  const marks = [...new Set(inB.map(({ connections }) => connections))]
  return lineChart('Tokens or signatures a second, by connections', 'connections', 'a second', marks, series)
}

function growthChart(offered: readonly OfferedResult[]): string {
  const line = (name: string, colour: string, pick: (step: OfferedResult) => number): Series => ({
    ...{ name, colour },
    points: offered.map((step) => ({ x: step.offeredPerSecond, y: pick(step) })),
  })
  return lineChart(
    'What becomes of the load that is offered',
    'offered a second',
    'a second; ms for the p99',
    offered.map(({ offeredPerSecond }) => offeredPerSecond),
    [
      line('tokens', '#1a7f37', ({ goodput }) => goodput),
      line('refused, with Retry-After', '#bf8700', ({ refusedPerSecond }) => refusedPerSecond),
      line('p99 of the tokens, ms', '#0969da', ({ acceptedP99Ms }) => acceptedP99Ms),
    ],
  )
}

/** Writes bench/results.json, the charts, and the README's part between its two marks. */
export function writeReport(results: Results): void {
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(folder, 'throughput.svg'), throughputChart(results.cells))
  writeFileSync(join(folder, 'growth.svg'), growthChart(results.offered))
  const readme = join(folder, '../README.md')
  const text = readFileSync(readme, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error('README.md has no place for the benchmark.')
  const part = `${begin}
Measured on ${results.date} on ${results.machine}, with Vault ${results.vault} and Node ${results.node}:

${figureTable(results.figures)}

![Tokens a second by connections](bench/throughput.svg)

![Tokens and refusals by offered load](bench/growth.svg)
`
  writeFileSync(readme, text.slice(0, from) + part + text.slice(to))
}
