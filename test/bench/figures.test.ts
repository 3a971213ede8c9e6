import t from 'tap'
import { lineChart } from '../../bench/chart.ts'
import { figuresOf } from '../../bench/figures.ts'
import { offeredResult } from '../../bench/load/vegeta.ts'
import { readWrk } from '../../bench/load/wrk.ts'
import type { Cell } from '../../bench/measure.ts'
import { percentile, spread } from '../../bench/statistics.ts'

t.test('medians, least and most', async (t) => {
  t.strictSame(spread([3, 1, 2]), { median: 2, min: 1, max: 3 })
  t.strictSame(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 })
  t.equal(percentile([5, 1, 4, 2, 3], 0.5), 3)
  t.equal(percentile([5, 1, 4, 2, 3], 0.99), 5)
})

t.test('what wrk prints', async (t) => {
  t.strictSame(readWrk('Running\nRESULT 3000 2000000 1500 9000 2\n'), {
    requests: 3000,
    perSecond: 1500,
    p50Ms: 1.5,
    p99Ms: 9,
    errors: 2,
  })
  t.throws(() => readWrk('unable to connect'))
})

t.test('an answer is a token, a 503 with Retry-After, or anything else', async (t) => {
  const hit = (code: number, headers: Record<string, string[]> | null = null) => ({
    code,
    headers,
    latency: 5e6,
  })
  const hits = [hit(200), hit(200), hit(503, { 'Retry-After': ['1'] }), hit(503), hit(504), hit(0)]
  t.match(offeredResult(hits, 3, 2), {
    offeredPerSecond: 3,
    goodput: 1,
    refusedPerSecond: 0.5,
    acceptedP99Ms: 5,
    anythingElse: 3,
    byStatus: { 0: 1, 200: 2, 503: 2, 504: 1 },
  })
})

const cell = (layout: 'A' | 'B', target: Cell['target'], connections: number, perSecond: number): Cell => ({
  ...{ layout, target, connections, errors: 0, residentMb: 150 },
  perSecond: spread([perSecond]),
  p50Ms: spread([1]),
  p99Ms: spread([1000 / perSecond]),
  ownCpuMs: spread([0.4]),
  vaultCpuMs: spread([1]),
})

t.test('the figures are ratios of cells at the same connections and layout', async (t) => {
  const cells = [
    cell('A', 'raw Vault', 128, 500),
    cell('A', 'Padlock', 128, 750),
    cell('B', 'raw Vault', 128, 1000),
    cell('B', 'Padlock', 128, 900),
    cell('B', 'plain service', 128, 450),
  ]
  const figures = Object.fromEntries(figuresOf(cells, []).map((one) => [one.figure, one]))
  t.match(figures['A: Padlock ÷ raw Vault, 128 connections'], { value: 1.5, reached: true })
  t.match(figures['B: Padlock ÷ raw Vault, 128 connections'], { value: 0.9, reached: false })
  t.match(figures['B: Padlock ÷ plain service, 128'], { value: 2, reached: true })
  t.notOk('A: Padlock ÷ raw Vault, 8 connections' in figures, 'what was not measured is not told')
})

t.test('a chart has a point for each value, and its names do not stand on each other', async (t) => {
  const points = [1, 8, 32].map((x) => ({ x, y: x }))
  const svg = lineChart(
    'title',
    'x',
    'y',
    [1, 8, 32],
    [
      { name: 'one', colour: '#111', points },
      { name: 'two', colour: '#222', points },
    ],
  )
  t.equal(svg.match(/<circle/g)?.length, 6)
  const at = [...svg.matchAll(/y="([\d.]+)" style="fill/g)].map((match) => Number(match[1]))
  t.ok(Math.abs((at[0] as number) - (at[1] as number)) >= 16)
})
