import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LineChart, lineChart } from './chart.ts'
import type { Cell, Layout } from './measure.ts'
import type { OfferedStep } from './offered.ts'
import { readerTable } from './reader.ts'
import { type Results, readScale, writeResults } from './results.ts'
import { sizingPart } from './sizing.ts'
import { cellTable, figureTable, limitTable, overloadTables } from './tables.ts'

const end = '<!-- end of benchmark -->'

const colours: Record<string, string> = {
  'raw Vault': '#d1242f',
  'Padlock, no batches': '#8250df',
  Padlock: '#1a7f37',
  'plain service': '#bf8700',
  'key in memory': '#0969da',
}

function throughputChart(cells: readonly Cell[], layout: Layout, where: string): LineChart {
  const shown = cells.filter((cell) => cell.layout === layout && cell.target in colours)
  const byTarget = Map.groupBy(shown, ({ target }) => target)
  return {
    title: `Tokens or signatures a second: ${where}`,
    xTitle: 'connections',
    yTitle: 'a second',
    marks: [...new Set(shown.map(({ connections }) => connections))],
    series: Array.from(byTarget, ([name, list]) => ({
      name,
      colour: colours[name] as string,
      points: list.map(({ connections, perSecond }) => ({ x: connections, y: perSecond.median })),
    })),
  }
}

function growthChart(offered: readonly OfferedStep[]): LineChart {
  const line = (name: string, colour: string, pick: (step: OfferedStep) => number) => ({
    ...{ name, colour },
    points: offered.map((step) => ({ x: step.times, y: pick(step) })),
  })
  return {
    title: 'What becomes of the load that is offered',
    xTitle: 'offered load, as a multiple of the capacity',
    yTitle: 'a second; milliseconds for the p99 (logarithmic)',
    logarithmic: true,
    marks: offered.map(({ times }) => times),
    series: [
      line('offered', '#8c959f', ({ offeredPerSecond }) => offeredPerSecond),
      line('tokens', '#1a7f37', ({ goodput }) => goodput),
      line('503 with Retry-After', '#bf8700', ({ refusedPerSecond }) => refusedPerSecond),
      line('p99 of the tokens, ms', '#0969da', ({ acceptedP99Ms }) => acceptedP99Ms ?? 0),
    ],
  }
}

/**
 * Puts a text between a benchmark's two marks.
 *
 * @param command that makes the text
 * @throws Error when the marks are not there
 */
export function withPart(text: string, part: string, command = 'make bench'): string {
  const begin = `<!-- benchmark: made by \`${command}\` -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) {
    throw new Error(`There is no place for the benchmark: the line ${begin}.`)
  }
  return `${text.slice(0, from + begin.length)}\n${part.trim()}\n${text.slice(to)}`
}

function measuredOn({ date, machine, vault, node }: Results): string {
  return `Measured on ${date} on ${machine}, with Vault ${vault} and Node ${node}`
}

/** The README's part: three numbers and a chart, all of one run. */
export function readmePart(results: Results): string {
  return `
${measuredOn(results)}:

${readerTable(results.cells)}

\`make bench\` writes this part. [docs/performance.md](docs/performance.md) has every figure, and how to read it.

![Tokens a second by connections where all share both cores](bench/throughput-b.svg)`
}

/** The part of docs/performance.md: every cell. */
export function docsPart(results: Results): string {
  return `
${measuredOn(results)}. Medians of the rounds, with the least and the most; every round is in
[bench/results.json](../bench/results.json).

### Figures and what they are to reach

${figureTable(results.figures)}

![Tokens a second by connections where Vault has a core of its own](../bench/throughput-a.svg)

![Tokens a second by connections where all share both cores](../bench/throughput-b.svg)

![Tokens, refusals and the slowest tokens by offered load](../bench/growth.svg)

### RSA with 2,048 bits

${cellTable(results.cells)}

### RSA with 3,072 bits

${cellTable(results.cells3072)}

### What the parts allow together

${limitTable(results.limits)}

${overloadTables(results)}`
}

/** Writes results.json, the charts, and the parts of README.md and of two pages of docs/ between their marks. */
export function writeReport(results: Results): void {
  const folder = import.meta.dirname
  writeResults(results)
  const charts = {
    'throughput-a': throughputChart(results.cells, 'A', 'Vault has a core of its own'),
    'throughput-b': throughputChart(results.cells, 'B', 'all share both cores'),
    growth: growthChart(results.offered),
  }
  for (const [name, chart] of Object.entries(charts)) {
    writeFileSync(join(folder, `${name}.svg`), lineChart(chart))
  }
  for (const [file, part] of [
    ['README.md', readmePart(results)],
    ['docs/performance.md', docsPart(results)],
    ['docs/operations.md', sizingPart(results.cells, readScale(), measuredOn(results))],
  ] as const) {
    const path = join(folder, '..', file)
    writeFileSync(path, withPart(readFileSync(path, 'utf8'), part))
  }
}
