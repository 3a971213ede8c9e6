import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { lineChart } from '../../bench/chart.ts'
import { figuresOf } from '../../bench/figures.ts'
import { limitsOf } from '../../bench/limits.ts'
import { readerTable } from '../../bench/reader.ts'
import { docsPart, readmePart, withPart } from '../../bench/report.ts'
import { compactJson } from '../../bench/results.ts'
import { sizing, sizingPart } from '../../bench/sizing.ts'
import { spread } from '../../bench/statistics.ts'
import { cell, scaleOf } from '../support/bench-cell.ts'

const root = join(import.meta.dirname, '../..')
const none = { offered: [], returning: [], stalls: [] }
const points = [1, 8, 32].map((x) => ({ x, y: x }))
const chart = {
  ...{ title: 'title', xTitle: 'x', yTitle: 'y', marks: [1, 8, 32] },
  series: [
    { name: 'one', colour: '#111', points },
    { name: 'two', colour: '#222', points },
  ],
}

t.test('a chart has a point for each value, and its names do not stand on each other', async (t) => {
  const svg = lineChart(chart)
  t.equal(svg.match(/<circle/g)?.length, 6)
  t.notMatch(svg, /NaN|undefined|Infinity/)
  const at = [...svg.matchAll(/y="([\d.]+)" style="fill/g)].map((match) => Number(match[1]))
  t.ok(Math.abs((at[0] as number) - (at[1] as number)) > 15)
})

t.test('a logarithmic chart leaves out what is not above zero', async (t) => {
  const series = [{ name: 'one', colour: '#111', points: [{ x: 1, y: 0 }, ...points.slice(1)] }]
  const svg = lineChart({ ...chart, series, logarithmic: true })
  t.equal(svg.match(/<circle/g)?.length, 2)
  t.notMatch(svg, /NaN|undefined|Infinity/)
})

const cells = [cell('B', 'raw Vault, batches', 4, 1000), cell('B', 'Padlock', 128, 800)]
const scale = [scaleOf('OpenBao', [100, 190, 280])]
const results = {
  ...{ date: '2026-01-02', machine: '2 cores', vault: '1.2.3', node: '24.0.0' },
  ...{ cells, cells3072: cells, figures: figuresOf(cells, none), limits: limitsOf(cells), ...none },
  starts: { cpuMs: spread([610]), restMb: spread([119]) },
}

t.test('the pages have a place for the figures, and what is around it stays', async (t) => {
  for (const [file, part] of [
    ['README.md', readmePart(results)],
    ['docs/performance.md', docsPart(results)],
    [
      'docs/operations.md',
      sizingPart(results.cells, scale, 'Measured on 2026-01-02 on 2 cores, with Vault 1.2.3 and Node 24.0.0'),
    ],
  ] as const) {
    const text = await readFile(join(root, file), 'utf8')
    const once = withPart(text, part)
    t.match(once, 'Measured on 2026-01-02 on 2 cores, with Vault 1.2.3 and Node 24.0.0')
    t.equal(withPart(once, part), once, 'a second run replaces the first')
    const marks = (page: string) => {
      const from = page.indexOf('<!-- benchmark: made by `make bench` -->')
      return [from, page.indexOf('<!-- end of benchmark', from)]
    }
    const around = (page: string) => [page.slice(0, marks(page)[0]), page.slice(marks(page)[1])]
    t.strictSame(around(once), around(text))
  }
  t.throws(() => withPart('no marks', 'part'))
})

t.test("the README's figures: those measured, each of the same run, with its command", async (t) => {
  const of = (values: number[]) => ({ p50Ms: spread(values) })
  const one = [
    cell('B', 'Padlock', 1, 300, of([3, 2.5, 4])),
    // What another layout measured is no part of it.
    cell('A', 'raw Vault', 1, 600, of([9, 9, 9])),
    cell('B', 'raw Vault', 1, 600, of([1.5, 1.4, 1.6])),
  ]
  const table = readerTable([cell('B', 'Padlock', 128, 1234.5), ...one])
  t.match(table, /\*\*1235\*\* .*`make bench-figure FIGURE=tokens`/)
  t.match(table, /\*\*1\.5\*\* \(1\.1–2\.4\) .*`make bench-figure FIGURE=added`/)
  t.notMatch(table, 'FIGURE=times', 'the plain service was not measured')
  t.match(
    readerTable([cell('B', 'Padlock', 128, 800), cell('B', 'plain service', 128, 500)]),
    /\*\*1\.60\*\* .*`make bench-figure FIGURE=times`/,
  )
})

t.test(
  'sizing: what the peak second of a day asks for, iAdvize asks again, one instance and one node to spare',
  async (t) => {
    const costs = { vault: 0.0014, padlock: 0.0005, twoNodes: 1.8 }
    t.match(sizing(200_000, 60, costs), { vaultCores: 1, nodeCores: 1, instances: 2 })
    // 2,000 a second by page views; a page is open for 1/6 of a session, or for 10/7 of one.
    const rounded = (minutes: number) => {
      const one = sizing(20_000_000, minutes, costs)
      return { ...one, tokens: Math.round(one.tokens) }
    }
    t.match(rounded(60), { tokens: 2_333, vaultCores: 6, nodeCores: 4, instances: 3 })
    t.match(rounded(7), { tokens: 4_857, vaultCores: 12, nodeCores: 7, instances: 6 })
    const times = { vaultCpuMs: spread([1.31]), ownCpuMs: spread([0.42]) }
    const measured = [cell('B', 'Padlock', 128, 800, times)]
    const part = sizingPart(measured, scale, 'Measured')
    t.match(part, '`v` = 0.0014 s, `p` = 0.0005 s')
    t.match(part, '`g` = 1.90')
    const noisy = [scaleOf('OpenBao', [100, 208, 309])]
    t.match(sizingPart(measured, noisy, 'Measured'), '`g` = 2.00', 'two nodes are no more than two')
    t.match(part, '| 20,000,000 | 60 | 2,333 | 6 | 3 | 3 |')
    t.match(part, '2,333 × 0.0014 ÷ 0.6 = 5.4 cores')
    t.throws(() => sizingPart([], scale, 'Measured'))
    t.throws(() => sizingPart(measured, [], 'Measured'))
  },
)

t.test('the results are JSON that a person can read through', async (t) => {
  const text = compactJson({ a: [1.23456789, 2e-7, 3], b: [{ c: 'd, e' }], f: 1234567 })
  t.match(text, '"a": [1.2346, 2e-7, 3]')
  t.strictSame(JSON.parse(text), { a: [1.2346, 2e-7, 3], b: [{ c: 'd, e' }], f: 1234600 })
})
