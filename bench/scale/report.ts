import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LineChart, lineChart } from '../chart.ts'
import type { Figure } from '../figures.ts'
import { withPart } from '../report.ts'
import { type ScaleResults, writeScale } from '../results.ts'
import { digits, figureTable, markdown, withRounds } from '../tables.ts'
import { type ScaleCell, timesOneNode } from './cells.ts'

/** What is to be reached through some nodes, as times the tokens through one: where standbys sign by themselves. */
const toReach: Record<number, number> = { 2: 1.8, 3: 2.6 }

const colours: Record<string, [one: string, two: string]> = {
  OpenBao: ['#1a7f37', '#0969da'],
  Vault: ['#d1242f', '#bf8700'],
}

const instancesOf = (count: number) => `${count} × Padlock`

/** Cores that the nodes which are asked keep busy together. */
const asked = ({ nodeCores, nodes }: ScaleCell) =>
  nodeCores.slice(0, nodes).reduce((sum, one) => sum + one, 0)

function scaleTable(results: readonly ScaleResults[]): string {
  const rows = results.flatMap(({ product, cells }) =>
    cells.map((cell) => [
      ...[product, String(cell.instances), String(cell.nodes), withRounds(cell.perSecond)],
      withRounds(timesOneNode(cells, cell)),
      ...[digits(cell.p50Ms.median), digits(cell.p99Ms.median)],
      cell.nodeCores.map((one) => one.toFixed(2)).join(', '),
      digits((asked(cell) * 1_000) / cell.perSecond.median),
      ...[digits(cell.padlockCores), String(cell.errors)],
    ]),
  )
  const head = ['server', 'Padlock', 'nodes asked', 'tokens a second (min–max)', '÷ one node (min–max)']
  const times = [
    'p50 ms',
    'p99 ms',
    'cores: each node',
    'CPU ms of the nodes asked',
    'cores: Padlock',
    'errors',
  ]
  return markdown([...head, ...times], rows)
}

function scaleFigures(results: readonly ScaleResults[]): Figure[] {
  const cells = results.find(({ product }) => product === 'OpenBao')?.cells ?? []
  return cells.flatMap((cell) => {
    const bound = toReach[cell.nodes]
    if (bound === undefined) {
      return []
    }
    const { median: value, min, max } = timesOneNode(cells, cell)
    const one = cells.find(({ instances, nodes }) => instances === cell.instances && nodes === 1)
    const errors = cell.errors + (one as ScaleCell).errors
    const figure = `tokens through ${cell.nodes} nodes of OpenBao ÷ through one, ${instancesOf(cell.instances)}`
    const reached = errors === 0 && value >= bound
    return [{ figure, value, min, max, reach: `≥ ${bound}`, ...(errors > 0 ? { errors } : {}), reached }]
  })
}

const names = ['none', 'one', 'two', 'three']

/** The growth in words. */
function inWords({ product, version, cells }: ScaleResults): string {
  const parts = cells
    .filter(({ nodes }) => nodes > 1)
    .map((cell) => {
      const times = digits(timesOneNode(cells, cell).median)
      return `${times} times through ${names[cell.nodes]} nodes with ${instancesOf(cell.instances)}`
    })
  return `**${product} ${version}**, tokens a second against those through one node: ${parts.join(', ')}.`
}

export function scaleChart(results: readonly ScaleResults[]): LineChart {
  const series = results.flatMap(({ product, cells }) =>
    [1, 2].map((count) => ({
      name: `${product}, ${instancesOf(count)}`,
      colour: colours[product]?.[count - 1] ?? '#57606a',
      points: cells
        .filter(({ instances }) => instances === count)
        .map(({ nodes, perSecond }) => ({ x: nodes, y: perSecond.median })),
    })),
  )
  return {
    title: 'Tokens a second through nodes that have the same share of a core each',
    ...{ xTitle: 'nodes that the balancer asks', yTitle: 'a second', marks: [1, 2, 3], even: true, series },
  }
}

/** The part of docs/performance.md on several nodes. */
export function scalePart(results: readonly ScaleResults[]): string {
  const runs = results.map(
    ({ date, machine, product, version }) => `${product} ${version} on ${date} on ${machine}`,
  )
  const figures = scaleFigures(results)
  return `
Measured: ${runs.join('; ')}. Medians of the rounds, with the least and the most; every round is in
[bench/scale.json](../bench/scale.json).

${results.map(inWords).join('\n\n')}

![Tokens a second by nodes](../bench/scale.svg)

${figures.length === 0 ? '' : `${figureTable(figures)}\n\n`}${scaleTable(results)}`
}

/** Writes scale.json, the chart beside it, and the part of docs/performance.md between its marks. */
export function writeScaleReport(results: readonly ScaleResults[]): void {
  const bench = join(import.meta.dirname, '..')
  writeScale(results)
  writeFileSync(join(bench, 'scale.svg'), lineChart(scaleChart(results)))
  const page = join(bench, '../docs/performance.md')
  writeFileSync(page, withPart(readFileSync(page, 'utf8'), scalePart(results), 'make bench-scale'))
}
